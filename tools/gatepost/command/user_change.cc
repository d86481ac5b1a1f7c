// gatepost user password|quota|role|set|suspend|resume
#include <algorithm>
#include <iterator>

#include "tools/gatepost/command/mail_output.h"
#include "tools/gatepost/command/user_commands.h"
#include "tools/gatepost/command/write_output.h"

namespace gatepost::tools {

namespace {

using controlplane::AccountChange;

constexpr std::string_view kServices[] = {"smtp", "imap", "pop3", "sieve", "web"};

Result<int> change(Context& context, const Arguments& arguments, const AccountChange& wanted) {
    auto address = address_argument(arguments);
    if (!address) return tl::unexpected(std::move(address).error());
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto result = controlplane::account_set(*connection, *address, wanted, *options);
    if (!result) return tl::unexpected(std::move(result).error());
    report_account(context, arguments, *result);
    return kExitDone;
}

Result<int> password(Context& context, const Arguments& arguments) {
    auto address = address_argument(arguments);
    if (!address) return tl::unexpected(std::move(address).error());
    auto services = services_option(arguments);
    if (!services) return tl::unexpected(std::move(services).error());
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto made = new_password(arguments, *address);
    if (!made) return tl::unexpected(std::move(made).error());
    auto result =
        controlplane::password_set(*connection, *address, made->hash, *services, *options);
    if (!result) return tl::unexpected(std::move(result).error());
    report_credential(context, arguments, *address, *result, *made);
    return kExitDone;
}

Result<int> quota(Context& context, const Arguments& arguments) {
    AccountChange wanted;
    if (arguments.has("SIZE")) {
        auto size = quota_from_text(arguments.text("SIZE"), "");
        if (!size) return tl::unexpected(std::move(size).error());
        wanted.quota_bytes = *size;
    }
    auto messages = arguments.number("--messages");
    if (!messages) return tl::unexpected(std::move(messages).error());
    wanted.quota_messages = *messages;
    if (!wanted.quota_bytes && !wanted.quota_messages)
        return fail(ErrorCode::usage, "a size, --messages, or both are needed");
    return change(context, arguments, wanted);
}

Result<int> role(Context& context, const Arguments& arguments) {
    if (Status good = check_role(arguments.text("ROLE")); !good)
        return tl::unexpected(std::move(good).error());
    return change(context, arguments, {.role = arguments.text("ROLE")});
}

Result<int> set(Context& context, const Arguments& arguments) {
    if (!arguments.has("--name")) return fail(ErrorCode::usage, "--name is needed");
    return change(context, arguments, {.display_name = arguments.text("--name")});
}

Result<int> suspend(Context& context, const Arguments& arguments) {
    return change(context, arguments, {.state = "suspended"});
}

Result<int> resume(Context& context, const Arguments& arguments) {
    return change(context, arguments, {.state = "active"});
}

}  // namespace

Result<std::vector<std::string>> services_option(const Arguments& arguments) {
    std::vector<std::string> services;
    for (const std::string& given : arguments.list("--service")) {
        std::string_view rest = given;
        while (true) {
            const size_t comma = rest.find(',');
            const std::string_view name = rest.substr(0, comma);
            if (name != "*" && name != "all" &&
                std::find(std::begin(kServices), std::end(kServices), name) == std::end(kServices))
                return fail(ErrorCode::usage,
                            "--service: \"{}\" is not a service, expected smtp, imap, pop3, "
                            "sieve, web or all",
                            name);
            services.emplace_back(name == "all" ? "*" : name);
            if (comma == std::string_view::npos) break;
            rest.remove_prefix(comma + 1);
        }
    }
    if (services.empty()) services.emplace_back("*");
    return services;
}

std::vector<CommandSpec> user_change_commands() {
    return {
        {.noun = "user",
         .verb = "password",
         .summary =
             "Sets an account's password. Who is connected with the one before is logged out.",
         .arguments = {kAddressArgument},
         .options = {kPasswordStdinOption, kPasswordFileOption, kGenerateOption, kServiceOption,
                     kSchemeOption, kAllowWeakOption, kNoWaitOption},
         .examples = {"gatepost user password ada@example.org",
                      "gatepost user password ada@example.org --password-file new.txt"},
         .run = password},
        {.noun = "user",
         .verb = "quota",
         .summary = "Limits what an account's mail may take.",
         .arguments = {kAddressArgument,
                       {"SIZE", Arity::optional, "5GB, 512MiB; none: without limit"}},
         .options = {kQuotaMessagesOption, kNoWaitOption},
         .examples = {"gatepost user quota ada@example.org 5GB",
                      "gatepost user quota ada@example.org none --messages 100000"},
         .run = quota},
        {.noun = "user",
         .verb = "role",
         .summary = "Gives an account a role. An admin administers this system; no_email neither "
                    "receives nor sends mail.",
         .arguments = {kAddressArgument, {"ROLE", Arity::one, "admin, user, customer, no_email"}},
         .options = {kNoWaitOption},
         .examples = {"gatepost user role ada@example.org admin",
                      "gatepost user role ada@example.org user"},
         .run = role},
        {.noun = "user",
         .verb = "set",
         .summary = "Changes whose an account is.",
         .arguments = {kAddressArgument},
         .options = {{"--name", "NAME", "\"Ada Lovelace\""}, kNoWaitOption},
         .examples = {"gatepost user set ada@example.org --name 'Ada Lovelace'",
                      "gatepost user set ada@example.org --name Ada --dry-run"},
         .run = set},
        {.noun = "user",
         .verb = "suspend",
         .summary = "Lets nobody log in to an account, and logs out who is connected. Mail still "
                    "arrives.",
         .arguments = {kAddressArgument},
         .options = {kNoWaitOption},
         .examples = {"gatepost user suspend ada@example.org",
                      "gatepost user suspend ada@example.org --dry-run"},
         .run = suspend},
        {.noun = "user",
         .verb = "resume",
         .summary = "Lets a suspended account log in again.",
         .arguments = {kAddressArgument},
         .options = {kNoWaitOption},
         .examples = {"gatepost user resume ada@example.org",
                      "gatepost user resume ada@example.org --json"},
         .run = resume},
    };
}

}  // namespace gatepost::tools
