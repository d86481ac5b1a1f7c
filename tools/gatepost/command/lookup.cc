// gatepost lookup ADDRESS
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "controlplane/model/mail_name.h"
#include "controlplane/model/mail_route.h"
#include "tools/gatepost/cli/context.h"
#include "tools/gatepost/command/alias_output.h"
#include "tools/gatepost/command/nouns.h"

namespace gatepost::tools {

namespace {

using controlplane::MailRoute;
using nlohmann::ordered_json;

// What RCPT TO with that address is answered (RFC 5321 §4.2, RFC 3463 §3): policy rules aside.
std::string_view rcpt_reply(const MailRoute& route) {
    if (!route.ours) return "554 5.7.1 not a domain of this system";
    if (route.cut || (route.loop && !route.arrives())) return "550 5.4.6 broken alias";
    if (!route.arrives()) return "550 5.1.1 no such user here";
    const bool all_full =
        route.elsewhere.empty() && route.over_quota.size() == route.accounts.size();
    return all_full ? "452 4.2.2 the mailbox is full" : "250 2.1.5 ok";
}

Result<int> lookup(Context& context, const Arguments& arguments) {
    auto address = controlplane::mail_address_from_text(arguments.text("ADDRESS"));
    if (!address) return tl::unexpected(std::move(address).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    const auto config = context.config();
    if (!config) return tl::unexpected(config.error());
    auto routes = controlplane::mail_routes(*connection, {{*address, ""}}, config->mail.postmaster);
    if (!routes) return tl::unexpected(std::move(routes).error());
    const MailRoute& route = routes->front();
    const std::string_view reply = rcpt_reply(route);
    if (context.json()) {
        ordered_json out{{"address", *address}, {"reply", reply}, {"ours", route.ours}};
        out.update(route_json(route));
        context.print(out.dump(2) + "\n");
    } else {
        for (const std::string& account : route.accounts) context.print(account + "\n");
        for (const std::string& other : route.elsewhere)
            context.print(fmt::format("{} elsewhere\n", other));
        for (const std::string& nobody : route.nobody)
            context.note(fmt::format("nobody has {}", nobody));
        if (route.loop) context.note("aliases go in a circle");
        if (route.cut) context.note("more aliases than are followed");
        context.note(fmt::format("RCPT TO:<{}> → {}", *address, reply));
    }
    return route.arrives() && !route.cut ? kExitDone : static_cast<int>(ErrorCode::refused);
}

}  // namespace

std::vector<CommandSpec> lookup_commands() {
    return {
        {.noun = "lookup",
         .verb = "",
         .summary = "Who gets mail for an address, by the database: aliases followed to their end. "
                    "Exit code 1 where nobody does.",
         .arguments = {{"ADDRESS", Arity::one, "info@example.org"}},
         .examples = {"gatepost lookup info@example.org", "gatepost lookup x@example.org --json"},
         .run = lookup},
    };
}

}  // namespace gatepost::tools
