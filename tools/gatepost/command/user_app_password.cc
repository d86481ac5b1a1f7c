// gatepost user app-password add|list|remove
#include <nlohmann/json.hpp>

#include "tools/gatepost/command/mail_output.h"
#include "tools/gatepost/command/user_commands.h"
#include "tools/gatepost/command/write_output.h"

namespace gatepost::tools {

namespace {

using nlohmann::ordered_json;

Result<int> list(Context& context, const std::string& address) {
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto credentials = controlplane::credential_list(*connection, address);
    if (!credentials) return tl::unexpected(std::move(credentials).error());
    std::erase_if(*credentials, [](const auto& one) { return one.kind != "app_password"; });
    if (!context.json()) {
        context.print(credential_table(*credentials));
        return kExitDone;
    }
    ordered_json out = ordered_json::array();
    for (const auto& credential : *credentials) out.push_back(credential_json(credential));
    context.print(ordered_json{{"address", address}, {"app_passwords", out}}.dump(2) + "\n");
    return kExitDone;
}

Result<int> add(Context& context, const Arguments& arguments, const std::string& address) {
    auto services = services_option(arguments);
    if (!services) return tl::unexpected(std::move(services).error());
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto made = new_password(arguments, address);
    if (!made) return tl::unexpected(std::move(made).error());
    auto result = controlplane::app_password_add(*connection, address,
                                                 {.label = arguments.text("LABEL"),
                                                  .hash = made->hash,
                                                  .services = std::move(*services),
                                                  .expires_at = arguments.text("--expires")},
                                                 *options);
    if (!result) return tl::unexpected(std::move(result).error());
    report_credential(context, arguments, address, *result, *made);
    return kExitDone;
}

Result<int> remove(Context& context, const Arguments& arguments, const std::string& address) {
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto result =
        controlplane::app_password_remove(*connection, address, arguments.text("LABEL"), *options);
    if (!result) return tl::unexpected(std::move(result).error());
    report_credential(context, arguments, address, *result);
    return kExitDone;
}

Result<int> app_password(Context& context, const Arguments& arguments) {
    auto address = address_argument(arguments);
    if (!address) return tl::unexpected(std::move(address).error());
    const std::string action = arguments.text("ACTION");
    if (action == "list") return list(context, *address);
    if (action != "add" && action != "remove")
        return fail(ErrorCode::usage, "\"{}\": expected add, list or remove", action);
    if (arguments.text("LABEL").empty())
        return fail(ErrorCode::usage, "a label is needed, which says whose password it is: phone");
    return action == "add" ? add(context, arguments, *address)
                           : remove(context, arguments, *address);
}

}  // namespace

std::vector<CommandSpec> user_app_password_commands() {
    return {
        {.noun = "user",
         .verb = "app-password",
         .summary = "Passwords of an account's devices and programs. Each can be taken away alone, "
                    "which logs out who is connected with it.",
         .arguments = {{"ACTION", Arity::one, "add, list or remove"},
                       kAddressArgument,
                       {"LABEL", Arity::optional, "of the device or program: phone"}},
         .options = {kServiceOption,
                     {"--expires", "TIME", "when it ends: 2027-01-31, 'tomorrow 18:00'"},
                     kPasswordStdinOption,
                     kPasswordFileOption,
                     kGenerateOption,
                     kSchemeOption,
                     kAllowWeakOption,
                     kNoWaitOption},
         .examples = {"gatepost user app-password add ada@example.org phone --service imap,smtp",
                      "gatepost user app-password list ada@example.org"},
         .run = app_password},
    };
}

}  // namespace gatepost::tools
