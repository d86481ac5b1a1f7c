#include "tests/unit/pop3/pop3_rig.h"

#include <utility>

namespace gatepost::tests {

using namespace dataplane;

Pop3Options pop3_options() {
    Pop3Options options;
    options.server_name = "mx.example.org";
    options.tls_required = false;
    return options;
}

Pop3Rig::Pop3Rig(ImapWorld& world, Pop3Options options, size_t pool_octets)
    : ProtocolRig(pool_octets), protocol_(world, std::move(options)) {}

std::string Pop3Rig::command(std::string_view line) {
    return send(std::string(line) + "\r\n");
}

std::string Pop3Rig::log_in() {
    start();
    command("USER ada@example.org");
    return command("PASS secret");
}

}  // namespace gatepost::tests
