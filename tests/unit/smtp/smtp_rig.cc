#include "tests/unit/smtp/smtp_rig.h"

#include <utility>

namespace gatepost::tests {

using namespace dataplane;

SmtpOptions smtp_options(SmtpRole role) {
    return {.role = role, .server_name = "mx.example.org"};
}

SmtpRig::SmtpRig(SmtpOptions options, size_t pool_octets)
    : ProtocolRig(pool_octets), protocol_(environment, std::move(options)) {}

void SmtpRig::begin_data() {
    start();
    send("EHLO client.example\r\n");
    send("MAIL FROM:<a@elsewhere.example>\r\nRCPT TO:<ada@example.org>\r\nDATA\r\n");
}

}  // namespace gatepost::tests
