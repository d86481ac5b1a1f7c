#include "tools/gatepost/cli/edge_wait.h"

#include <nlohmann/json.hpp>

namespace gatepost::tools {

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kWait = 2000ms;
// The control plane keeps time itself; this is for one that hangs.
constexpr auto kGrace = 1000ms;

}  // namespace

EdgeWait wait_for_edge(Context& context, const Arguments& arguments, controlplane::Lsn lsn) {
    EdgeWait out;
    if (arguments.has("--no-wait") || lsn == 0) return out;
    const auto start = Clock::now();
    auto control = context.control();
    if (!control) {
        context.note(fmt::format("note: {}; the database has the change", control.error().message));
        return out;
    }
    const auto timeout = context.timeout(kWait);
    auto reply = control->request({{"op", "sync.wait"},
                                   {"lsn", controlplane::lsn_to_text(lsn)},
                                   {"timeout_ms", timeout.count()}},
                                  timeout + kGrace);
    out.waited = true;
    out.reached = reply.has_value();
    out.milliseconds = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
    if (out.reached)
        context.note(fmt::format("answered by this edge after {:.1f} ms", out.milliseconds));
    else
        context.note(fmt::format(
            "note: not answered by this edge yet after {:.0f} ms ({}); the database has "
            "the change",
            out.milliseconds, reply.error().message));
    return out;
}

}  // namespace gatepost::tools
