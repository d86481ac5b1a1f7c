// STLS (RFC 2595 §4).
#include "dataplane/log/log.h"
#include "dataplane/pop3/pop3_limits.h"
#include "dataplane/pop3/pop3_session.h"

namespace gatepost::dataplane {

Task<Pop3Session::Next> Pop3Session::stls() {
    if (tls_) co_return bad("This is TLS already");
    if (options_.tls == nullptr) co_return bad("There is no TLS here");
    // RFC 6856 §2.1: UTF8 comes behind STLS.
    if (utf8_) co_return bad("STLS comes before UTF8");
    // CVE-2011-0411: what stands behind the command was not sent under TLS. The stream takes it for
    // the handshake, which fails.
    const bool injected = !stream_.input().empty();
    login_.clear();
    Next next = ok("Begin");
    if (next == Next::command) next = co_await push(0);
    if (next == Next::end) co_return next;
    stream_.expect_within(kPop3StartTlsMs);
    const StreamStatus status = co_await stream_.start_tls(*options_.tls);
    if (status == StreamStatus::ok) {
        tls_ = true;
        co_return Next::command;
    }
    if (log_enabled(LogLevel::info))
        log(LogLevel::info, "pop3.stls_failed",
            {{"session", session_text(session_.id)},
             {"client", session_.client.text()},
             {"injected", injected},
             {"reason", stream_.tls() == nullptr ? std::string() : stream_.tls()->error()}});
    const bool late = status == StreamStatus::timeout;
    session_.end = late ? storage::StreamEnd::tls_failed : stream_end(status);
    co_return Next::end;
}

}  // namespace gatepost::dataplane
