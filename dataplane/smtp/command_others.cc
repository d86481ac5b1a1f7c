// RSET, VRFY, HELP and QUIT (RFC 5321 §4.1.1.5 to §4.1.1.10).
#include <fmt/format.h>

#include "dataplane/smtp/smtp_session.h"

namespace gatepost::dataplane {

SmtpSession::Next SmtpSession::rset(std::string_view argument) {
    if (!argument.empty()) return bad({501, "5.5.4", "RSET stands alone"});
    reset_transaction();
    return idle_command({250, "2.0.0", "forgotten"});
}

// RFC 5321 §3.5.3, §7.3: neither yes nor no, so that nobody makes a list of who is here.
SmtpSession::Next SmtpSession::vrfy(std::string_view argument) {
    if (argument.empty()) return bad({501, "5.5.4", "VRFY name it is"});
    return idle_command({252, "2.5.0", "not said; send a message, and it is tried"});
}

SmtpSession::Next SmtpSession::help() {
    std::string out;
    append_reply_line(out, 214, "2.0.0", fmt::format("Gatepost at {}", options_.server_name),
                      false);
    append_reply_line(out, 214, "2.0.0",
                      "EHLO MAIL RCPT DATA BDAT STARTTLS AUTH RSET NOOP VRFY HELP QUIT", false);
    append_reply_line(out, 214, "2.0.0", "RFC 5321 says what they do");
    if (++idle_commands_ > options_.idle_commands_max) return idle_command({});
    return say_text(out);
}

SmtpSession::Next SmtpSession::quit(std::string_view argument) {
    if (!argument.empty()) return bad({501, "5.5.4", "QUIT stands alone"});
    say({221, "2.0.0", "goodbye"});
    return Next::end;
}

}  // namespace gatepost::dataplane
