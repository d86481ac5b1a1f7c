// gatepost mailbox share|unshare
#include <nlohmann/json.hpp>

#include "controlplane/model/mail_name.h"
#include "controlplane/model/mailbox_acl.h"
#include "tools/gatepost/command/mailbox_commands.h"
#include "tools/gatepost/command/user_commands.h"
#include "tools/gatepost/command/write_output.h"

namespace gatepost::tools {

namespace {

using nlohmann::ordered_json;

constexpr std::string_view kRightsDefault = "lrs";

constexpr ArgumentSpec kMailboxArgument = {"MAILBOX", Arity::one, "its name: Work/2026"};
constexpr OptionSpec kWithOption = {"--with", "ADDRESS", "whom with: an account's, or anyone"};

Result<std::string> with_option(const Arguments& arguments) {
    const std::string text = arguments.text("--with");
    if (text.empty())
        return fail(ErrorCode::usage, "whom with? --with bob@example.org, or --with anyone");
    if (text == "anyone") return text;
    return controlplane::mail_address_from_text(text);
}

Result<int> set_rights(Context& context, const Arguments& arguments, unsigned rights) {
    auto address = address_argument(arguments);
    if (!address) return tl::unexpected(std::move(address).error());
    auto name = mailbox_argument(arguments, "MAILBOX");
    if (!name) return tl::unexpected(std::move(name).error());
    auto with = with_option(arguments);
    if (!with) return tl::unexpected(std::move(with).error());
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto result =
        controlplane::mailbox_share(*connection, *address, *name, *with, rights, *options);
    if (!result) return tl::unexpected(std::move(result).error());
    const std::string before = controlplane::mailbox_rights_text(result->before);
    const std::string after = controlplane::mailbox_rights_text(result->after);
    if (context.json()) {
        context.print(ordered_json{{"dry_run", options->dry_run},
                                   {"address", *address},
                                   {"mailbox", *name},
                                   {"with", *with},
                                   {"before", before},
                                   {"after", after}}
                          .dump(2) +
                      "\n");
        return kExitDone;
    }
    if (before == after) {
        context.print(after.empty() ? fmt::format("{} is not shared with {}\n", *name, *with)
                                    : fmt::format("{} has these rights already\n", *with));
        return kExitDone;
    }
    const auto line = [&](char sign, const std::string& letters) {
        return letters.empty()
                   ? std::string()
                   : fmt::format("{} {} {} {} {}\n", sign, *address, *name, *with, letters);
    };
    context.print(line('-', before) + line('+', after));
    if (options->dry_run) context.note("dry run: nothing was changed");
    return kExitDone;
}

Result<int> share(Context& context, const Arguments& arguments) {
    const std::string text = arguments.text("--rights");
    auto rights = controlplane::mailbox_rights_from_text(
        arguments.has("--rights") ? std::string_view(text) : kRightsDefault);
    if (!rights) return tl::unexpected(std::move(rights).error());
    return set_rights(context, arguments, *rights);
}

Result<int> unshare(Context& context, const Arguments& arguments) {
    return set_rights(context, arguments, 0);
}

}  // namespace

std::vector<CommandSpec> mailbox_share_commands() {
    return {
        {.noun = "mailbox",
         .verb = "share",
         .summary =
             "Lets another account see or change a mailbox. It has exactly these rights then: "
             "l look up, r read, s keep \\Seen, w keep other flags, i insert, p post, "
             "k create below it, x delete it, t mark messages as deleted, e expunge them, "
             "a administer. It sees \"Other Users/ADDRESS/MAILBOX\".",
         .arguments = {kAddressArgument, kMailboxArgument},
         .options = {kWithOption, {"--rights", "LETTERS", "which (default lrs)"}},
         .examples = {"gatepost mailbox share ada@example.org Work --with bob@example.org",
                      "gatepost mailbox share ada@example.org Work --with anyone --rights lr"},
         .run = share},
        {.noun = "mailbox",
         .verb = "unshare",
         .summary = "Takes all rights on a mailbox from another account.",
         .arguments = {kAddressArgument, kMailboxArgument},
         .options = {kWithOption},
         .examples = {"gatepost mailbox unshare ada@example.org Work --with bob@example.org",
                      "gatepost mailbox unshare ada@example.org Work --with anyone --dry-run"},
         .run = unshare},
    };
}

}  // namespace gatepost::tools
