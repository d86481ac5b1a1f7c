// gatepost reload
#include <signal.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <nlohmann/json.hpp>
#include <thread>

#include "tools/gatepost/cli/context.h"
#include "tools/gatepost/command/nouns.h"

namespace gatepost::tools {

namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr auto kLookAgain = 20ms;
// What the processes need beyond the time that connections get to end.
constexpr auto kStartBound = 20s;

Result<json> status(Context& context) {
    auto control = context.control();
    if (!control) return tl::unexpected(std::move(control).error());
    return control->request({{"op", "status"}}, 5000ms);
}

uint64_t number(const json& report, const char* part, const char* key) {
    return report.value(part, json::object()).value(key, uint64_t{0});
}

// Every worker of the new process answers from an index.
bool is_serving(const json& report) {
    const json dataplane = report.value("dataplane", json::object());
    const json workers = dataplane.value("workers", json::array());
    for (const json& worker : workers)
        if (worker.value("arena_generation", uint64_t{0}) == 0) return false;
    return dataplane.value("pid", 0) != 0 && !workers.empty();
}

Result<int> reload(Context& context, const Arguments&) {
    // What is wrong with the file is told here, before anything happens.
    auto config = context.config();
    if (!config) return tl::unexpected(std::move(config).error());
    auto before = status(context);
    if (!before) return tl::unexpected(std::move(before).error());
    const auto supervisor = static_cast<pid_t>(number(*before, "supervisor", "pid"));
    if (supervisor == 0)
        return fail(ErrorCode::refused,
                    "the control plane was started by itself: there is no supervisor to reload");
    if (::kill(supervisor, SIGHUP) != 0)
        return fail(errno == EPERM ? ErrorCode::permission : ErrorCode::unreachable,
                    "telling the supervisor (pid {}): {}", supervisor, std::strerror(errno));
    const auto bound = context.timeout(config->connections_drain + kStartBound);
    const auto deadline = std::chrono::steady_clock::now() + bound;
    while (std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(kLookAgain);
        auto now = status(context);
        if (!now) continue;  // the control plane may be among what starts anew
        if (number(*now, "supervisor", "reloads_refused") !=
            number(*before, "supervisor", "reloads_refused"))
            return fail(ErrorCode::refused,
                        "the configuration was refused, and nothing has changed; the reason is in "
                        "the log, event supervisor.reload_refused");
        if (number(*now, "dataplane", "starts") > number(*before, "dataplane", "starts") &&
            is_serving(*now)) {
            context.note("reloaded: clients are served with the new configuration");
            return kExitDone;
        }
    }
    return fail(ErrorCode::unreachable,
                "the new dataplane does not serve yet; see gatepost status and the log");
}

}  // namespace

std::vector<CommandSpec> reload_commands() {
    return {
        {.noun = "reload",
         .summary =
             "Has the running instance read its configuration again. Connections finish what is "
             "under way (connections.drain); clients of addresses that stay wait a moment and "
             "are not turned away. Waits until the new configuration is in force. Paths, "
             "workers, cores and [[nic]] take a restart.",
         .examples = {"gatepost reload", "gatepost reload --timeout 2min"},
         .run = reload}};
}

}  // namespace gatepost::tools
