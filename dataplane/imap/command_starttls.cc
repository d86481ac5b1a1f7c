// STARTTLS (RFC 9051 §6.2.1).
#include "dataplane/imap/imap_limits.h"
#include "dataplane/imap/imap_session.h"
#include "dataplane/log/log.h"

namespace gatepost::dataplane {

Task<ImapReply> ImapSession::starttls(std::string_view tag) {
    if (tls_) co_return ImapReply{ImapReply::Kind::bad, "", "This is TLS already"};
    if (options_.tls == nullptr)
        co_return ImapReply{ImapReply::Kind::bad, "", "There is no TLS here"};
    // CVE-2011-0411: what stands behind the command was not sent under TLS. The stream takes it for
    // the handshake, which fails.
    const bool injected = !stream_.input().empty();
    if (!say_reply(tag, {ImapReply::Kind::ok, "", "Begin"})) co_return ImapReply{};
    replied_ = true;
    const bool pushed = co_await push(0);
    if (!pushed) co_return ImapReply{};
    stream_.expect_within(kImapStartTlsMs);
    const StreamStatus status = co_await stream_.start_tls(*options_.tls);
    if (status == StreamStatus::ok) {
        tls_ = true;
        co_return ImapReply{};
    }
    if (log_enabled(LogLevel::info))
        log(LogLevel::info, "imap.starttls_failed",
            {{"session", session_text(session_.id)},
             {"client", session_.client.text()},
             {"injected", injected},
             {"reason", stream_.tls() == nullptr ? std::string() : stream_.tls()->error()}});
    const bool late = status == StreamStatus::timeout;
    session_.end = late ? storage::StreamEnd::tls_failed : stream_end(status);
    ended_ = true;
    co_return ImapReply{};
}

}  // namespace gatepost::dataplane
