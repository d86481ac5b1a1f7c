// gatepost status
#include <nlohmann/json.hpp>

#include "tools/gatepost/cli/context.h"
#include "tools/gatepost/command/nouns.h"
#include "tools/gatepost/command/status_text.h"

namespace gatepost::tools {

namespace {

Result<int> status(Context& context, const Arguments&) {
    auto control = context.control();
    if (!control) return tl::unexpected(std::move(control).error());
    auto reply = control->request({{"op", "status"}}, context.timeout(std::chrono::seconds(5)));
    if (!reply) return tl::unexpected(std::move(reply).error());
    reply->erase("ok");
    context.print(context.json() ? reply->dump(2) + "\n" : status_text(*reply));
    return kExitDone;
}

}  // namespace

std::vector<CommandSpec> status_commands() {
    return {
        {.noun = "status",
         .summary =
             "Shows how this host does: freshness, zones, memory, checkpoint, workers and their "
             "counters, zones that are held.",
         .examples = {"gatepost status", "gatepost status --json"},
         .run = status}};
}

}  // namespace gatepost::tools
