// gatepost user add|list|show
#include <nlohmann/json.hpp>

#include "controlplane/model/mail_alias.h"
#include "controlplane/model/mail_name.h"
#include "tools/gatepost/command/mail_output.h"
#include "tools/gatepost/command/nouns.h"
#include "tools/gatepost/command/user_commands.h"
#include "tools/gatepost/command/write_output.h"

namespace gatepost::tools {

namespace {

using controlplane::Account;
using nlohmann::ordered_json;

Result<int> add(Context& context, const Arguments& arguments) {
    controlplane::NewAccount account;
    auto address = address_argument(arguments);
    if (!address) return tl::unexpected(std::move(address).error());
    account.address = std::move(*address);
    account.display_name = arguments.text("--name");
    if (arguments.has("--role")) account.role = arguments.text("--role");
    auto quota = quota_option(arguments, "--quota");
    if (!quota) return tl::unexpected(std::move(quota).error());
    account.quota_bytes = *quota;
    auto messages = arguments.number("--messages");
    if (!messages) return tl::unexpected(std::move(messages).error());
    account.quota_messages = *messages;
    if (Status good = check_role(account.role); !good) return tl::unexpected(good.error());
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    if (arguments.has("--if-none")) {
        auto accounts = controlplane::account_list(*connection);
        if (!accounts) return tl::unexpected(std::move(accounts).error());
        if (!accounts->empty()) {
            context.note("there are accounts already: none was made");
            return kExitDone;
        }
    }
    auto password = new_password(arguments, account.address);
    if (!password) return tl::unexpected(std::move(password).error());
    account.hash = password->hash;
    auto result = controlplane::account_add(*connection, account, *options);
    if (!result) return tl::unexpected(std::move(result).error());
    report_account(context, arguments, *result, *password);
    return kExitDone;
}

Result<int> list(Context& context, const Arguments& arguments) {
    controlplane::AccountFilter filter;
    filter.bin = arguments.has("--bin");
    if (arguments.has("--domain")) {
        auto domain = controlplane::mail_domain_from_text(arguments.text("--domain"));
        if (!domain) return tl::unexpected(std::move(domain).error());
        filter.domain = std::move(*domain);
    }
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto accounts = controlplane::account_list(*connection, filter);
    if (!accounts) return tl::unexpected(std::move(accounts).error());
    if (!context.json()) {
        context.print(account_table(*accounts));
        return kExitDone;
    }
    ordered_json out = ordered_json::array();
    for (const Account& account : *accounts) out.push_back(account_json(account));
    context.print(ordered_json{{"users", out}}.dump(2) + "\n");
    return kExitDone;
}

Result<int> show(Context& context, const Arguments& arguments) {
    auto address = address_argument(arguments);
    if (!address) return tl::unexpected(std::move(address).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto account = controlplane::account_get(*connection, *address);
    if (!account) return tl::unexpected(std::move(account).error());
    auto credentials = controlplane::credential_list(*connection, *address);
    if (!credentials) return tl::unexpected(std::move(credentials).error());
    if (!context.json()) {
        context.print(account_text(*account) + "\n" + credential_table(*credentials));
        return kExitDone;
    }
    ordered_json out = account_json(*account);
    out["credentials"] = ordered_json::array();
    for (const auto& credential : *credentials)
        out["credentials"].push_back(credential_json(credential));
    context.print(out.dump(2) + "\n");
    return kExitDone;
}

}  // namespace

Result<std::string> address_argument(const Arguments& arguments) {
    return controlplane::mail_address_from_text(arguments.text("ADDRESS"));
}

Status check_role(std::string_view role) {
    for (const std::string_view known : {"admin", "user", "customer", "no_email"})
        if (role == known) return {};
    return fail(ErrorCode::usage,
                "\"{}\" is not a role, expected admin, user, customer or no_email", role);
}

std::vector<CommandSpec> user_commands() {
    std::vector<CommandSpec> rows = {
        {.noun = "user",
         .verb = "add",
         .summary = "Makes an account, which receives mail from that moment on. A password is "
                    "generated and shown once, unless one is given.",
         .arguments = {kAddressArgument},
         .options = {kPasswordStdinOption,
                     kPasswordFileOption,
                     kGenerateOption,
                     {"--name", "NAME", "whose it is: \"Ada Lovelace\""},
                     kQuotaOption,
                     kQuotaMessagesOption,
                     {"--role", "ROLE", "admin, user (default), customer or no_email"},
                     kSchemeOption,
                     kAllowWeakOption,
                     {"--if-none", "", "only where the database has no account at all"},
                     kNoWaitOption},
         .examples = {"gatepost user add ada@example.org",
                      "gatepost user add ada@example.org --quota 20GB --password-stdin"},
         .run = add},
        {.noun = "user",
         .verb = "list",
         .summary = "Lists the accounts: their mail and quota, when they logged in last, and what "
                    "keeps them from working.",
         .options = {{"--domain", "DOMAIN", "only those of this domain"},
                     {"--bin", "", "those in the bin instead"}},
         .examples = {"gatepost user list", "gatepost user list --domain example.org --json"},
         .run = list},
        {.noun = "user",
         .verb = "show",
         .summary = "All about an account, and what it logs in with.",
         .arguments = {kAddressArgument},
         .examples = {"gatepost user show ada@example.org",
                      "gatepost user show ada@example.org --json"},
         .run = show},
    };
    for (auto more : {user_change_commands, user_app_password_commands, user_bin_commands,
                      user_session_commands})
        for (CommandSpec& row : more()) rows.push_back(std::move(row));
    return rows;
}

}  // namespace gatepost::tools
