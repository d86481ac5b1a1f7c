#include "tests/support/server_environment.h"
#include "tests/unit/schema/schema_test_server.h"

namespace gatepost::controlplane {
namespace {

// Processes are killed here, the machine is not: what they wrote is there. Without it each
// recovery would bring every file of the cluster to the disk.
[[maybe_unused]] const auto* environment =
    testing::AddGlobalTestEnvironment(new tests::ServerEnvironment(server, {"fsync=off"}));

}  // namespace
}  // namespace gatepost::controlplane
