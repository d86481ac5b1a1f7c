// A command line of SMTP (RFC 5321 §4.1.1), taken apart.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gatepost::dataplane {

enum class SmtpVerb : uint8_t {
    helo,
    ehlo,
    lhlo,  // RFC 2033 §4.1
    mail,
    rcpt,
    data,
    bdat,  // RFC 3030 §2
    auth,  // RFC 4954 §4
    starttls,
    rset,
    vrfy,
    expn,
    noop,
    help,
    quit,
    other,    // known, and not done here: ETRN, SEND…
    foreign,  // of HTTP: a browser was made to talk to us, with commands in what it sends
    unknown,
};

struct SmtpCommand {
    SmtpVerb verb = SmtpVerb::unknown;
    // Behind the verb and one space, without spaces at the end; a view into the line.
    std::string_view argument;
};

// `line` is without its CR LF. The case of a verb does not matter (RFC 5321 §2.4).
SmtpCommand parse_smtp_command(std::string_view line);

// A control character, which no command can have; NUL, CR and LF among them.
bool has_control_character(std::string_view line);

// Octets that a command line may have, with its CR LF.
size_t smtp_command_max(SmtpVerb verb);

// "FROM:" in any case, in front of a path; then what follows, without spaces in front of it, which
// RFC 5321 §3.3 does not allow and many send. False: that is not there.
bool take_path_prefix(std::string_view& argument, std::string_view prefix);

}  // namespace gatepost::dataplane
