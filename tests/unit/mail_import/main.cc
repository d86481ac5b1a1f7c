#include "tests/support/server_environment.h"
#include "tests/unit/model/model_test_server.h"

namespace gatepost::controlplane {
namespace {

[[maybe_unused]] const auto* environment =
    testing::AddGlobalTestEnvironment(new tests::ServerEnvironment(server));

}  // namespace
}  // namespace gatepost::controlplane
