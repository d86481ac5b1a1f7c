// gatepost user sessions|kick
#include <algorithm>
#include <nlohmann/json.hpp>

#include "tools/gatepost/command/user_commands.h"
#include "tools/gatepost/output/table.h"

namespace gatepost::tools {

namespace {

using namespace std::chrono_literals;
using nlohmann::json;

// The control plane gives workers two seconds.
constexpr auto kAnswerMax = 5000ms;

constexpr ArgumentSpec kAnyAddressArgument = {"ADDRESS", Arity::optional, "ada@example.org"};

// Of this host; of one account, or of all where `address` is empty.
Result<json> ask_sessions(Context& context, const std::string& address) {
    auto control = context.control();
    if (!control) return tl::unexpected(std::move(control).error());
    auto reply = control->request({{"op", "user.sessions"}}, context.timeout(kAnswerMax));
    if (!reply) return tl::unexpected(std::move(reply).error());
    json& sessions = (*reply)["sessions"];
    if (!sessions.is_array()) sessions = json::array();
    if (!address.empty())
        sessions.erase(std::remove_if(sessions.begin(), sessions.end(),
                                      [&](const json& session) {
                                          return session.value("user", std::string()) != address;
                                      }),
                       sessions.end());
    return reply;
}

std::string session_table(const json& sessions) {
    Table table({{"user"}, {"service"}, {"client"}, {"TLS"}, {"since"}, {"what"}});
    for (const json& session : sessions)
        table.row({session.value("user", std::string()), session.value("service", std::string()),
                   session.value("client", std::string()), session.value("tls", false) ? "yes" : "",
                   session["since"].is_string() ? session["since"].get<std::string>() : "",
                   session.value("what", std::string())});
    return table.text();
}

Result<int> sessions(Context& context, const Arguments& arguments) {
    std::string address;
    if (!arguments.text("ADDRESS").empty()) {
        auto given = address_argument(arguments);
        if (!given) return tl::unexpected(std::move(given).error());
        address = std::move(*given);
    }
    auto reply = ask_sessions(context, address);
    if (!reply) return tl::unexpected(std::move(reply).error());
    if (context.json()) {
        context.print(
            json{{"sessions", (*reply)["sessions"]}, {"complete", reply->value("complete", true)}}
                .dump(2) +
            "\n");
        return kExitDone;
    }
    if ((*reply)["sessions"].empty())
        context.note("nobody is connected");
    else
        context.print(session_table((*reply)["sessions"]));
    if (!reply->value("complete", true))
        context.note("there may be more: a worker has not answered in time");
    return kExitDone;
}

Result<int> kick(Context& context, const Arguments& arguments) {
    auto address = address_argument(arguments);
    if (!address) return tl::unexpected(std::move(address).error());
    auto reply = ask_sessions(context, *address);
    if (!reply) return tl::unexpected(std::move(reply).error());
    const size_t count = (*reply)["sessions"].size();
    if (count != 0) {
        auto control = context.control();
        if (!control) return tl::unexpected(std::move(control).error());
        const json& account_id = (*reply)["sessions"][0]["account_id"];
        auto kicked = control->request({{"op", "user.kick"},
                                        {"account_id", account_id},
                                        {"reason", arguments.text("--reason")}},
                                       context.timeout(kAnswerMax));
        if (!kicked) return tl::unexpected(std::move(kicked).error());
    }
    if (context.json())
        context.print(json{{"user", *address}, {"closed", count}}.dump(2) + "\n");
    else
        context.note(count == 0 ? "nobody is connected as " + *address
                                : counted(count, "connection") + " of " + *address + " closed");
    return kExitDone;
}

}  // namespace

std::vector<CommandSpec> user_session_commands() {
    return {
        {.noun = "user",
         .verb = "sessions",
         .summary = "Who reads mail on this host at the moment: over which service, from where, "
                    "and doing what.",
         .arguments = {kAnyAddressArgument},
         .options = {},
         .examples = {"gatepost user sessions", "gatepost user sessions ada@example.org --json"},
         .run = sessions},
        {.noun = "user",
         .verb = "kick",
         .summary = "Closes the connections that an account has to this host. It may log in again: "
                    "see gatepost user suspend.",
         .arguments = {kAddressArgument},
         .options = {{"--reason", "TEXT", "what their programs are told"}},
         .examples = {"gatepost user kick ada@example.org",
                      "gatepost user kick ada@example.org --reason 'the server restarts'"},
         .run = kick},
    };
}

}  // namespace gatepost::tools
