// gatepost mailbox list|create|rename|delete
#include "controlplane/model/mailbox.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "controlplane/model/mailbox_acl.h"
#include "tools/gatepost/cli/confirm.h"
#include "tools/gatepost/command/mailbox_commands.h"
#include "tools/gatepost/command/nouns.h"
#include "tools/gatepost/command/user_commands.h"
#include "tools/gatepost/command/write_output.h"
#include "tools/gatepost/output/table.h"

namespace gatepost::tools {

namespace {

using controlplane::Mailbox;
using controlplane::MailboxResult;
using nlohmann::ordered_json;

constexpr ArgumentSpec kMailboxArgument = {"MAILBOX", Arity::one, "its name: Work/2026"};

ordered_json mailbox_json(const Mailbox& mailbox) {
    return {{"id", mailbox.id},
            {"name", mailbox.name},
            {"special_use",
             mailbox.special_use.empty() ? ordered_json() : ordered_json(mailbox.special_use)},
            {"messages", mailbox.messages},
            {"unseen", mailbox.unseen},
            {"size_bytes", mailbox.octets},
            {"uidnext", mailbox.uid_next},
            {"uidvalidity", mailbox.uid_validity},
            {"highestmodseq", mailbox.highest_modseq},
            {"subscribed", mailbox.subscribed},
            {"created_at", mailbox.created_at}};
}

ordered_json mailbox_json(const std::optional<Mailbox>& mailbox) {
    return mailbox ? mailbox_json(*mailbox) : ordered_json();
}

Result<int> list(Context& context, const Arguments& arguments) {
    auto address = address_argument(arguments);
    if (!address) return tl::unexpected(std::move(address).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto mailboxes = controlplane::mailbox_list(*connection, *address);
    if (!mailboxes) return tl::unexpected(std::move(mailboxes).error());
    std::vector<controlplane::MailboxShare> shares;
    if (!mailboxes->empty()) {
        auto all = controlplane::mailbox_shares(*connection, mailboxes->front().account_id);
        if (!all) return tl::unexpected(std::move(all).error());
        shares = std::move(*all);
    }
    Table table({{"MAILBOX"},
                 {"USE"},
                 {"MESSAGES", Align::right},
                 {"UNSEEN", Align::right},
                 {"SIZE", Align::right},
                 {"UIDNEXT", Align::right},
                 {"UIDVALIDITY", Align::right},
                 {"SHARED WITH"}});
    ordered_json out = ordered_json::array();
    for (const Mailbox& mailbox : *mailboxes) {
        std::string shared;
        ordered_json with = ordered_json::array();
        for (const auto& share : shares) {
            if (share.mailbox_id != mailbox.id) continue;
            const std::string rights = controlplane::mailbox_rights_text(share.rights);
            shared += fmt::format("{}{} {}", shared.empty() ? "" : ", ", share.identifier, rights);
            with.push_back({{"with", share.identifier}, {"rights", rights}});
        }
        table.row({mailbox.name, mailbox.special_use, grouped(mailbox.messages),
                   grouped(mailbox.unseen), human_size(mailbox.octets),
                   std::to_string(mailbox.uid_next), std::to_string(mailbox.uid_validity), shared});
        out.push_back(mailbox_json(mailbox));
        out.back()["shares"] = std::move(with);
    }
    context.print(context.json()
                      ? ordered_json{{"address", *address}, {"mailboxes", out}}.dump(2) + "\n"
                      : table.text());
    return kExitDone;
}

void report(Context& context, const MailboxResult& result, const std::string& line) {
    const bool dry_run = context.options().dry_run;
    if (context.json()) {
        context.print(ordered_json{{"dry_run", dry_run},
                                   {"before", mailbox_json(result.before)},
                                   {"after", mailbox_json(result.after)}}
                          .dump(2) +
                      "\n");
        return;
    }
    context.print(line + "\n");
    if (dry_run) context.note("dry run: nothing was changed");
}

// RFC 6154 §2: "archive" is "\\Archive".
Result<std::string> use_option(const Arguments& arguments) {
    const std::string text = arguments.text("--use");
    if (!arguments.has("--use")) return text;
    for (const std::string_view use :
         {"Archive", "Drafts", "Junk", "Sent", "Trash", "All", "Flagged"})
        if (std::ranges::equal(
                text, use, {}, [](char c) { return std::tolower(c); },
                [](char c) { return std::tolower(c); }))
            return fmt::format("\\{}", use);
    return fail(
        ErrorCode::usage,
        "\"{}\" is no use of a mailbox, expected archive, drafts, junk, sent, trash, all or "
        "flagged",
        text);
}

Result<int> create(Context& context, const Arguments& arguments) {
    auto address = address_argument(arguments);
    if (!address) return tl::unexpected(std::move(address).error());
    auto name = mailbox_argument(arguments, "MAILBOX");
    if (!name) return tl::unexpected(std::move(name).error());
    auto use = use_option(arguments);
    if (!use) return tl::unexpected(std::move(use).error());
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto result = controlplane::mailbox_create(*connection, *address, *name, *options, *use);
    if (!result) return tl::unexpected(std::move(result).error());
    report(context, *result, fmt::format("+ {} {}", *address, *name));
    return kExitDone;
}

Result<int> rename(Context& context, const Arguments& arguments) {
    auto address = address_argument(arguments);
    if (!address) return tl::unexpected(std::move(address).error());
    auto from = mailbox_argument(arguments, "MAILBOX");
    if (!from) return tl::unexpected(std::move(from).error());
    auto to = mailbox_argument(arguments, "NEW");
    if (!to) return tl::unexpected(std::move(to).error());
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto result = controlplane::mailbox_rename(*connection, *address, *from, *to, *options);
    if (!result) return tl::unexpected(std::move(result).error());
    report(context, *result, fmt::format("- {0} {1}\n+ {0} {2}", *address, *from, *to));
    return kExitDone;
}

Result<int> remove(Context& context, const Arguments& arguments) {
    auto address = address_argument(arguments);
    if (!address) return tl::unexpected(std::move(address).error());
    auto name = mailbox_argument(arguments, "MAILBOX");
    if (!name) return tl::unexpected(std::move(name).error());
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto mailbox = controlplane::mailbox_get(*connection, *address, *name);
    if (!mailbox) return tl::unexpected(std::move(mailbox).error());
    if (!options->dry_run && mailbox->messages > 0)
        if (Status yes =
                confirm_name(context,
                             fmt::format("{} of {} is lost for good with all mail in it ({}, {}).",
                                         *name, *address, counted(mailbox->messages, "message"),
                                         human_size(mailbox->octets)),
                             *name);
            !yes)
            return tl::unexpected(std::move(yes).error());
    auto result = controlplane::mailbox_delete(*connection, *address, *name, *options);
    if (!result) return tl::unexpected(std::move(result).error());
    report(context, *result, fmt::format("- {} {}", *address, *name));
    return kExitDone;
}

}  // namespace

Result<std::string> mailbox_argument(const Arguments& arguments, std::string_view name) {
    const std::string text = arguments.text(name);
    if (text.empty() && !arguments.has(name)) return std::string();
    return controlplane::mailbox_name_from_text(text);
}

std::vector<CommandSpec> mailbox_commands() {
    std::vector<CommandSpec> rows = {
        {.noun = "mailbox",
         .verb = "list",
         .summary = "The mailboxes of an account, what they hold, and whom they are shared with.",
         .arguments = {kAddressArgument},
         .examples = {"gatepost mailbox list ada@example.org",
                      "gatepost mailbox list ada@example.org --json"},
         .run = list},
        {.noun = "mailbox",
         .verb = "create",
         .summary = "Makes a mailbox; \"/\" stands between levels.",
         .arguments = {kAddressArgument, kMailboxArgument},
         .options = {{"--use", "USE",
                      "what for: archive, drafts, junk, sent, trash, all, flagged"}},
         .examples = {"gatepost mailbox create ada@example.org Work",
                      "gatepost mailbox create ada@example.org Old/Post --use archive"},
         .run = create},
        {.noun = "mailbox",
         .verb = "rename",
         .summary = "Gives a mailbox another name, and those below it with it.",
         .arguments = {kAddressArgument, kMailboxArgument, {"NEW", Arity::one, "its new name"}},
         .examples = {"gatepost mailbox rename ada@example.org Work Office",
                      "gatepost mailbox rename ada@example.org Work Old/Work --dry-run"},
         .run = rename},
        {.noun = "mailbox",
         .verb = "delete",
         .summary = "Deletes a mailbox and the messages in it for good; those below it stay.",
         .arguments = {kAddressArgument, kMailboxArgument},
         .examples = {"gatepost mailbox delete ada@example.org Work/2026",
                      "gatepost mailbox delete ada@example.org Work --yes"},
         .run = remove},
    };
    for (auto more : {mailbox_share_commands, mailbox_export_commands, mailbox_import_commands})
        for (CommandSpec& row : more()) rows.push_back(std::move(row));
    return rows;
}

}  // namespace gatepost::tools
