// The parameters behind the paths of MAIL and RCPT (RFC 5321 §4.1.2, esmtp-param).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "dataplane/smtp/reply.h"
#include "storage/spool/envelope.h"

namespace gatepost::dataplane {

struct MailParameters {
    std::optional<uint64_t> size;  // RFC 1870 §5
    storage::BodyKind body = storage::BodyKind::seven_bit;
    bool smtputf8 = false;  // RFC 6531 §3.4
    storage::DsnReturn dsn_return = storage::DsnReturn::unspecified;
    std::string envid;  // decoded
};

struct RcptParameters {
    uint8_t notify = storage::kNotifyDefault;
    std::string original;  // ORCPT, decoded: "rfc822;ada@example.org"
};

// `auth`: AUTH= may be given, which is checked and then forgotten: nobody here is trusted to say
// who else has logged in (RFC 4954 §5). The error is the reply: 501 for what is malformed or there
// twice, 555 for what is not known (RFC 5321 §4.1.1.11), REQUIRETLS (RFC 8689) among it, 552 for a
// size above `octets_max`.
tl::expected<MailParameters, SmtpReply> parse_mail_parameters(std::string_view text,
                                                              uint64_t octets_max, bool auth);
tl::expected<RcptParameters, SmtpReply> parse_rcpt_parameters(std::string_view text);

// RFC 3461 §4: "+3D" is '='. What decodes to a control character or to what is not ASCII is no
// xtext here: it goes into logs and headers.
std::optional<std::string> decode_xtext(std::string_view text);

}  // namespace gatepost::dataplane
