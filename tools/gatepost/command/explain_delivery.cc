// gatepost explain delivery: where a message went, and why
#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "controlplane/model/account.h"
#include "controlplane/model/filter_rule.h"
#include "controlplane/model/mail_name.h"
#include "controlplane/model/mailbox.h"
#include "controlplane/model/stored_message.h"
#include "storage/message_log/body_file.h"
#include "tools/gatepost/cli/context.h"
#include "tools/gatepost/command/explain.h"
#include "tools/gatepost/command/mailbox_commands.h"
#include "tools/gatepost/command/message_output.h"
#include "tools/gatepost/mail/message_header.h"
#include "tools/gatepost/output/table.h"

namespace gatepost::tools {

namespace {

using controlplane::Connection;
using controlplane::FilingRuleRow;
using controlplane::MessageTrace;
using controlplane::StoredMessage;
using nlohmann::ordered_json;

// Fields that acceptance and delivery put in front of a message.
constexpr std::string_view kReturnPath = "Return-Path";
constexpr std::string_view kReceived = "Received";
constexpr std::string_view kResults = "Authentication-Results";
constexpr std::string_view kFilter = "X-Gatepost-Filter";

// What the message itself says of how it came, and what the rules of now would do with it.
struct CopyStory {
    StoredMessage message;
    std::string unreadable;  // why there is no more than this; "": it could be read
    std::string sender;      // the reverse-path with its <>
    std::string received;
    std::string authentication;
    std::string filter;
    std::string rules_now;
    std::vector<FilingRuleRow> filing_rules;  // of the account, for the folder of `rules_now`
};

// A UID of --of and --mailbox as the blob id of its message; other names as they are.
Result<std::string> name_of(Connection& connection, const Arguments& arguments) {
    std::string name = arguments.text("NAME");
    if (!arguments.has("--of")) return name;
    uint64_t uid = 0;
    const char* const end = name.data() + name.size();
    const auto [at, error] = std::from_chars(name.data(), end, uid);
    if (error != std::errc() || at != end)
        return fail(ErrorCode::usage, "with --of, a message is named by its UID, not by \"{}\"",
                    name);
    auto address = controlplane::mail_address_from_text(arguments.text("--of"));
    if (!address) return tl::unexpected(std::move(address).error());
    auto mailbox_name = mailbox_argument(arguments, "--mailbox");
    if (!mailbox_name) return tl::unexpected(std::move(mailbox_name).error());
    if (mailbox_name->empty()) *mailbox_name = "INBOX";
    auto mailbox = controlplane::mailbox_get(connection, *address, *mailbox_name);
    if (!mailbox) return tl::unexpected(std::move(mailbox).error());
    auto found = controlplane::message_by_uid(connection, mailbox->id, uid);
    if (!found) return tl::unexpected(std::move(found).error());
    if (found->empty())
        return fail(ErrorCode::refused, "there is no UID {} in {} of {}", uid, *mailbox_name,
                    *address);
    return found->front().blob_id;
}

// A field in one line: what it was folded with is a blank.
std::string line_of(const SplitMessage& split, std::string_view name) {
    std::string text = field_text(split, name);
    std::ranges::replace(text, '\t', ' ');
    return text;
}

// The text behind what acceptance and delivery put in front of it: the filter saw that.
std::string as_it_came(const std::string& octets, const SplitMessage& split) {
    size_t front = 0;
    for (const RawField& field : split.fields) {
        if (field.name == kReturnPath || field.name == kFilter || field.name == kResults) {
            front += field.raw.size();
            continue;
        }
        if (field.name == kReceived) front += field.raw.size();
        break;
    }
    return octets.substr(front);
}

Status tell_rules(Connection& connection, const std::string& octets, CopyStory& story) {
    const SplitMessage split = split_message(octets);
    auto account = controlplane::account_get(connection, story.message.address);
    // In the bin: its rules are nobody's.
    if (!account) return {};
    const auto source = controlplane::filter_source_get(connection, account->id);
    if (!source) return tl::unexpected(source.error());
    storage::Envelope envelope;
    if (story.sender.size() > 2)
        envelope.reverse_path = story.sender.substr(1, story.sender.size() - 2);
    envelope.recipients.push_back(
        {.address = story.message.address, .account_id = static_cast<uint64_t>(account->id)});
    const auto explained = explain_message(*source, as_it_came(octets, split), envelope);
    if (!explained) return tl::unexpected(explained.error());
    story.rules_now = outcome_of(explained->verdict);
    const auto& folders = explained->verdict.folders;
    if (folders.empty() || folders.front().empty()) return {};
    for (const FilingRuleRow& rule : source->filing_rules)
        if (rule.active && rule.account_id == account->id && rule.folder == folders.front())
            story.filing_rules.push_back(rule);
    return {};
}

Result<CopyStory> story_of(Context& context, Connection& connection, StoredMessage message) {
    CopyStory story{.message = std::move(message)};
    auto config = context.config();
    if (!config) return tl::unexpected(std::move(config).error());
    auto folder = storage::MessageFolder::open(config->messages());
    auto octets = folder ? stored_octets(connection, *folder, story.message)
                         : Result<std::string>(tl::unexpected(folder.error()));
    if (!octets) {
        story.unreadable = octets.error().message;
        return story;
    }
    const SplitMessage split = split_message(*octets);
    story.sender = field_text(split, kReturnPath);
    story.received = line_of(split, kReceived);
    story.authentication = line_of(split, kResults);
    story.filter = line_of(split, kFilter);
    if (Status told = tell_rules(connection, *octets, story); !told)
        return tl::unexpected(std::move(told).error());
    return story;
}

std::string rule_text(const FilingRuleRow& rule) {
    return fmt::format("{} contains \"{}\"", rule.field, rule.contains);
}

std::string text_of(const CopyStory& story) {
    const StoredMessage& message = story.message;
    std::string text =
        fmt::format("{} UID {} of {}\n", message.mailbox, message.uid, message.address);
    const auto line = [&](std::string_view what, const std::string& said) {
        if (!said.empty()) text += fmt::format("  {:<15} {}\n", what, printable(said));
    };
    line("message-id", message.message_id);
    line("subject", message.subject);
    line("received", message.internal_date);
    line("saved here", message.save_date);
    std::string flags = controlplane::flags_text(message.flags);
    for (const std::string& keyword : message.keywords)
        flags += (flags.empty() ? "" : " ") + keyword;
    line("flags", flags);
    line("envelope from", story.sender);
    line("came", story.received);
    line("authentication", story.authentication);
    line("filter then", story.filter);
    line("rules now", story.rules_now);
    for (const FilingRuleRow& rule : story.filing_rules) line("", rule_text(rule));
    line("unreadable", story.unreadable);
    return text;
}

ordered_json json_of(const CopyStory& story) {
    const auto null_if_empty = [](const std::string& text) {
        return text.empty() ? ordered_json() : ordered_json(text);
    };
    ordered_json rules = ordered_json::array();
    for (const FilingRuleRow& rule : story.filing_rules)
        rules.push_back({{"id", rule.id},
                         {"field", rule.field},
                         {"contains", rule.contains},
                         {"folder", rule.folder}});
    ordered_json out = stored_message_json(story.message);
    out["envelope_from"] = null_if_empty(story.sender);
    out["received"] = null_if_empty(story.received);
    out["authentication_results"] = null_if_empty(story.authentication);
    out["filter"] = null_if_empty(story.filter);
    out["rules_now"] = null_if_empty(story.rules_now);
    out["filing_rules"] = rules;
    out["unreadable"] = null_if_empty(story.unreadable);
    return out;
}

Result<int> explain_delivery(Context& context, const Arguments& arguments) {
    if (arguments.has("--mailbox") && !arguments.has("--of"))
        return fail(ErrorCode::usage, "--mailbox needs --of ADDRESS");
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto name = name_of(*connection, arguments);
    if (!name) return tl::unexpected(std::move(name).error());
    auto traces = controlplane::message_trace(*connection, *name);
    if (!traces) return tl::unexpected(std::move(traces).error());
    if (traces->empty())
        return fail(ErrorCode::refused,
                    "nothing is known of {}: it waits for its delivery (gatepost message trace), "
                    "was never accepted here, or all traces of it are gone",
                    *name);
    std::vector<std::string> blobs;
    for (const MessageTrace& trace : *traces)
        if (std::ranges::find(blobs, trace.blob_id) == blobs.end()) blobs.push_back(trace.blob_id);
    std::string text;
    ordered_json copies_json = ordered_json::array();
    for (const std::string& blob : blobs) {
        auto copies = controlplane::message_by_blob(*connection, blob);
        if (!copies) return tl::unexpected(std::move(copies).error());
        for (StoredMessage& copy : *copies) {
            auto story = story_of(context, *connection, std::move(copy));
            if (!story) return tl::unexpected(std::move(story).error());
            text += text_of(*story);
            copies_json.push_back(json_of(*story));
        }
    }
    Table table({{"AT"}, {"WHERE"}, {"WHO"}, {"STATE"}, {"DETAIL"}});
    ordered_json steps = ordered_json::array();
    for (const MessageTrace& one : *traces) {
        table.row({one.at, one.what, one.recipient, printable(one.state), printable(one.detail)});
        steps.push_back(
            {{"at", one.at},
             {"where", one.what},
             {"blob_id", one.blob_id},
             {"recipient", one.recipient.empty() ? ordered_json() : ordered_json(one.recipient)},
             {"state", one.state},
             {"detail", one.detail}});
    }
    context.print(context.json() ? ordered_json{{"copies", copies_json}, {"steps", steps}}.dump(
                                       2, ' ', false, ordered_json::error_handler_t::replace) +
                                       "\n"
                                 : text + table.text());
    return kExitDone;
}

}  // namespace

CommandSpec explain_delivery_command() {
    return {.noun = "explain",
            .verb = "delivery",
            .summary =
                "Says where a message went and why. That is what was noted when it came, "
                "where each copy is now, and what the rules of now would do with it.",
            .arguments = {{"NAME", Arity::one,
                           "its Message-ID, its blob id (what the client was told), its number in "
                           "the queue; or its UID with --of"}},
            .options = {{"--of", "ADDRESS", "NAME is a UID of this account's mailbox"},
                        {"--mailbox", "MAILBOX", "which mailbox (default INBOX)"}},
            .examples = {"gatepost explain delivery '<1234@example.net>'",
                         "gatepost explain delivery 12 --of ada@example.org --mailbox Lists"},
            .run = explain_delivery};
}

}  // namespace gatepost::tools
