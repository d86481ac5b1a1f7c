// STARTTLS (RFC 3207).
#include "dataplane/log/log.h"
#include "dataplane/smtp/smtp_limits.h"
#include "dataplane/smtp/smtp_session.h"

namespace gatepost::dataplane {

Task<SmtpSession::Next> SmtpSession::starttls(std::string_view argument) {
    if (options_.tls == nullptr) co_return bad({502, "5.5.1", "there is no TLS here"});
    if (!argument.empty()) co_return bad({501, "5.5.4", "STARTTLS stands alone"});
    if (client_.tls) co_return bad({503, "5.5.1", "this is TLS already"});
    if (transaction_.open)
        co_return bad({503, "5.5.1", "a message is under way already; RSET forgets it"});
    // CVE-2011-0411: what stands behind the command was not sent under TLS. The stream takes it for
    // the handshake, which fails.
    const bool injected = !stream_.input().empty();
    Next next = say({220, "2.0.0", "begin"});
    if (next == Next::command) next = co_await push();
    if (next == Next::end) co_return next;
    expect_within(kStartTlsMs);
    const StreamStatus status = co_await stream_.start_tls(*options_.tls);
    SmtpCounters& counters = environment_.counters();
    if (status != StreamStatus::ok) {
        storage::count(counters.starttls_failed);
        if (injected) storage::count(counters.starttls_injected);
        if (log_enabled(LogLevel::info))
            log(LogLevel::info, "smtp.starttls_failed",
                {{"session", session_text(session_.id)},
                 {"client", session_.client.text()},
                 {"injected", injected},
                 {"reason", stream_.tls() == nullptr ? std::string() : stream_.tls()->error()}});
        const bool late = status == StreamStatus::timeout;
        session_.end = late ? storage::StreamEnd::tls_failed : stream_end(status);
        co_return Next::end;
    }
    storage::count(counters.starttls);
    // RFC 3207 §4.2: nothing that was said before counts.
    client_.tls = true;
    client_.helo.clear();
    client_.extended = false;
    client_.account_id = 0;
    client_.user.clear();
    reset_transaction();
    co_return Next::command;
}

}  // namespace gatepost::dataplane
