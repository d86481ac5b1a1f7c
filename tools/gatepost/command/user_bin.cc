// gatepost user remove|undelete|purge
#include "controlplane/model/mail_alias.h"
#include "tools/gatepost/cli/confirm.h"
#include "tools/gatepost/command/mail_output.h"
#include "tools/gatepost/command/user_commands.h"
#include "tools/gatepost/command/write_output.h"
#include "tools/gatepost/output/table.h"

namespace gatepost::tools {

namespace {

using controlplane::AccountResult;
using controlplane::BinnedAccount;

constexpr OptionSpec kIdOption = {"--id", "ID", "which one, where several had the address"};

Result<int> remove(Context& context, const Arguments& arguments) {
    auto address = address_argument(arguments);
    if (!address) return tl::unexpected(std::move(address).error());
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto account = controlplane::account_get(*connection, *address);
    if (!account) return tl::unexpected(std::move(account).error());
    if (!options->dry_run)
        if (Status yes =
                confirm_name(context,
                             fmt::format("{} with {} goes into the bin, and receives no more mail.",
                                         *address, counted(account->used_messages, "message")),
                             *address);
            !yes)
            return tl::unexpected(std::move(yes).error());
    auto result = controlplane::account_remove(*connection, *address, *options);
    if (!result) return tl::unexpected(std::move(result).error());
    report_account(context, arguments, *result);
    if (!context.json() && !options->dry_run)
        context.note(fmt::format("back again: gatepost user undelete {}", *address));
    return kExitDone;
}

Result<BinnedAccount> binned(const Arguments& arguments) {
    auto address = address_argument(arguments);
    if (!address) return tl::unexpected(std::move(address).error());
    auto id = arguments.number("--id");
    if (!id) return tl::unexpected(std::move(id).error());
    BinnedAccount which{std::move(*address), std::nullopt};
    if (*id && **id > static_cast<uint64_t>(INT64_MAX))
        return fail(ErrorCode::usage, "--id: {} is no id", **id);
    if (*id) which.id = static_cast<int64_t>(**id);
    return which;
}

Result<int> undelete(Context& context, const Arguments& arguments) {
    auto which = binned(arguments);
    if (!which) return tl::unexpected(std::move(which).error());
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto result = controlplane::account_undelete(*connection, *which, *options);
    if (!result) return tl::unexpected(std::move(result).error());
    report_account(context, arguments, *result);
    return kExitDone;
}

Result<int> purge(Context& context, const Arguments& arguments) {
    auto which = binned(arguments);
    if (!which) return tl::unexpected(std::move(which).error());
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    // What is refused is refused before anybody has to type a name.
    controlplane::WriteOptions look = *options;
    look.dry_run = true;
    auto result = controlplane::account_purge(*connection, *which, look);
    if (!result) return tl::unexpected(std::move(result).error());
    if (!options->dry_run) {
        if (Status yes = confirm_name(
                context,
                fmt::format("{} is lost for good with all mail in it ({}, {}).", which->address,
                            counted(result->before->used_messages, "message"),
                            human_size(result->before->used_bytes)),
                which->address);
            !yes)
            return tl::unexpected(std::move(yes).error());
        result = controlplane::account_purge(*connection, *which, *options);
        if (!result) return tl::unexpected(std::move(result).error());
    }
    report_account(context, arguments, *result);
    return kExitDone;
}

}  // namespace

std::vector<CommandSpec> user_bin_commands() {
    return {
        {.noun = "user",
         .verb = "remove",
         .summary = "Puts an account into the bin, with all its mail. The address is free for "
                    "another.",
         .arguments = {kAddressArgument},
         .options = {kNoWaitOption},
         .examples = {"gatepost user remove ada@example.org",
                      "gatepost user remove ada@example.org --yes"},
         .run = remove},
        {.noun = "user",
         .verb = "undelete",
         .summary = "Takes an account out of the bin, as it was.",
         .arguments = {kAddressArgument},
         .options = {kIdOption, kNoWaitOption},
         .examples = {"gatepost user undelete ada@example.org",
                      "gatepost user undelete ada@example.org --id 17"},
         .run = undelete},
        {.noun = "user",
         .verb = "purge",
         .summary = "Deletes an account in the bin for good, with all its mail.",
         .arguments = {kAddressArgument},
         .options = {kIdOption, kNoWaitOption},
         .examples = {"gatepost user purge ada@example.org",
                      "gatepost user purge ada@example.org --yes"},
         .run = purge},
    };
}

}  // namespace gatepost::tools
