// gatepost queue list|show|stat|hold|release|remove|auto-release
#include <algorithm>
#include <charconv>
#include <iterator>
#include <nlohmann/json.hpp>

#include "controlplane/model/outbound.h"
#include "storage/message_log/body_file.h"
#include "tools/gatepost/cli/confirm.h"
#include "tools/gatepost/cli/context.h"
#include "tools/gatepost/command/nouns.h"
#include "tools/gatepost/command/queue_commands.h"
#include "tools/gatepost/command/queue_output.h"
#include "tools/gatepost/command/write_output.h"
#include "tools/gatepost/output/table.h"

namespace gatepost::tools {

namespace {

using controlplane::OutboundAction;
using controlplane::OutboundFilter;
using controlplane::OutboundMessage;
using controlplane::OutboundSelection;
using nlohmann::ordered_json;

constexpr std::string_view kStates[] = {"held", "ready", "leased", "delivered", "failed"};

constexpr OptionSpec kStateOption = {"--state", "STATE",
                                     "only held, ready, leased, delivered, failed"};
constexpr OptionSpec kToOption = {"--to", "ADDRESS",
                                  "only mail to ada@example.net, or @example.net"};
constexpr OptionSpec kFromOption = {"--from", "ADDRESS", "only mail from there"};
constexpr OptionSpec kAllOption = {"--all", "", "all that the other options leave"};
constexpr ArgumentSpec kIdsArgument = {"ID", Arity::any, "numbers in the queue"};

Result<OutboundFilter> filter_of(const Arguments& arguments) {
    OutboundFilter filter;
    filter.state = arguments.text("--state");
    if (!filter.state.empty() &&
        std::find(std::begin(kStates), std::end(kStates), filter.state) == std::end(kStates))
        return fail(ErrorCode::usage,
                    "--state: \"{}\" is none, expected held, ready, leased, delivered or failed",
                    filter.state);
    filter.recipient = arguments.text("--to");
    filter.sender = arguments.text("--from");
    return filter;
}

Result<int64_t> id_from_text(const std::string& text) {
    int64_t id = 0;
    const char* const end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, id);
    if (error != std::errc() || at != end || id < 1)
        return fail(ErrorCode::usage, "\"{}\" is no number of the queue: gatepost queue list",
                    text);
    return id;
}

Result<int> list(Context& context, const Arguments& arguments) {
    auto filter = filter_of(arguments);
    if (!filter) return tl::unexpected(std::move(filter).error());
    auto limit = arguments.number("--limit");
    if (!limit) return tl::unexpected(std::move(limit).error());
    filter->limit = std::min<uint64_t>(limit->value_or(filter->limit), INT32_MAX);
    auto after = arguments.number("--after");
    if (!after) return tl::unexpected(std::move(after).error());
    filter->after = static_cast<int64_t>(std::min<uint64_t>(after->value_or(0), INT64_MAX));
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto messages = controlplane::outbound_list(*connection, *filter);
    if (!messages) return tl::unexpected(std::move(messages).error());
    if (context.json()) {
        ordered_json out = ordered_json::array();
        for (const OutboundMessage& message : *messages) out.push_back(outbound_json(message));
        context.print(ordered_json{{"messages", out}}.dump(2) + "\n");
        return kExitDone;
    }
    context.print(outbound_table(*messages));
    if (messages->size() == filter->limit && !messages->empty())
        context.note(fmt::format("perhaps there are more: --after {}", messages->back().id));
    return kExitDone;
}

Result<int> show(Context& context, const Arguments& arguments) {
    auto id = id_from_text(arguments.text("ID"));
    if (!id) return tl::unexpected(std::move(id).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto message = controlplane::outbound_get(*connection, *id);
    if (!message) return tl::unexpected(std::move(message).error());
    if (!arguments.has("--body")) {
        context.print(context.json() ? outbound_json(*message).dump(2) + "\n"
                                     : outbound_text(*message));
        return kExitDone;
    }
    auto config = context.config();
    if (!config) return tl::unexpected(std::move(config).error());
    auto folder = storage::MessageFolder::open(config->messages());
    if (!folder) return tl::unexpected(std::move(folder).error());
    auto file = folder->body(message->body);
    if (!file) return tl::unexpected(std::move(file).error());
    auto octets = file->read_all();
    if (!octets) return tl::unexpected(std::move(octets).error());
    context.print(*octets);
    return kExitDone;
}

Result<int> stat(Context& context, const Arguments&) {
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto stat = controlplane::outbound_stat(*connection);
    if (!stat) return tl::unexpected(std::move(stat).error());
    context.print(context.json() ? outbound_stat_json(*stat).dump(2) + "\n"
                                 : outbound_stat_text(*stat));
    return kExitDone;
}

// Ids, or --all with what narrows it.
Result<OutboundSelection> selection_of(const Arguments& arguments) {
    OutboundSelection selection;
    auto filter = filter_of(arguments);
    if (!filter) return tl::unexpected(std::move(filter).error());
    const bool narrowed =
        !filter->state.empty() || !filter->recipient.empty() || !filter->sender.empty();
    for (const std::string& text : arguments.list("ID")) {
        auto id = id_from_text(text);
        if (!id) return tl::unexpected(std::move(id).error());
        selection.ids.push_back(*id);
    }
    if (selection.ids.empty() == (narrowed || arguments.has("--all"))) {
        if (!selection.ids.empty()) return selection;
        selection.matching = std::move(*filter);
        return selection;
    }
    return fail(ErrorCode::usage,
                "either numbers of the queue, or --all, --state, --to, --from are needed");
}

void report(Context& context, const std::vector<OutboundMessage>& messages, std::string_view verb) {
    const bool dry_run = context.options().dry_run;
    if (context.json()) {
        ordered_json ids = ordered_json::array();
        for (const OutboundMessage& message : messages) ids.push_back(message.id);
        context.print(ordered_json{{"dry_run", dry_run}, {"changed", ids}}.dump(2) + "\n");
        return;
    }
    if (messages.empty()) return context.note("nothing to change");
    for (const OutboundMessage& message : messages)
        context.print(fmt::format("{} {} → {} {}\n", message.id,
                                  message.sender.empty() ? "<>" : message.sender, message.recipient,
                                  verb));
    if (dry_run) context.note("dry run: nothing was changed");
}

Result<int> change(Context& context, const Arguments& arguments, OutboundAction action,
                   std::string_view verb) {
    auto selection = selection_of(arguments);
    if (!selection) return tl::unexpected(std::move(selection).error());
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    std::string reason = arguments.text("--reason");
    if (reason.empty()) reason = fmt::format("held by {}", options->actor);
    if (action == OutboundAction::remove && !options->dry_run) {
        // What is refused is refused before anybody is asked; and they see how many it is about.
        controlplane::WriteOptions look = *options;
        look.dry_run = true;
        auto found = controlplane::outbound_change(*connection, *selection, action, reason, look);
        if (!found) return tl::unexpected(std::move(found).error());
        if (!found->empty())
            if (Status yes = confirm(
                    context, fmt::format("{} will never be sent, and nobody is told. Remove?",
                                         counted(found->size(), "recipient")));
                !yes)
                return tl::unexpected(std::move(yes).error());
    }
    auto changed = controlplane::outbound_change(*connection, *selection, action, reason, *options);
    if (!changed) return tl::unexpected(std::move(changed).error());
    report(context, *changed, verb);
    return kExitDone;
}

Result<int> hold(Context& context, const Arguments& arguments) {
    return change(context, arguments, OutboundAction::hold, "held");
}

Result<int> release(Context& context, const Arguments& arguments) {
    return change(context, arguments, OutboundAction::release, "ready");
}

Result<int> remove(Context& context, const Arguments& arguments) {
    return change(context, arguments, OutboundAction::remove, "removed");
}

Result<int> auto_release(Context& context, const Arguments& arguments) {
    const std::string wanted = arguments.text("SWITCH");
    if (wanted != "on" && wanted != "off")
        return fail(ErrorCode::usage, "\"{}\": expected on or off", wanted);
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto before = controlplane::outbound_set_auto_release(*connection, wanted == "on", *options);
    if (!before) return tl::unexpected(std::move(before).error());
    if (context.json()) {
        context.print(ordered_json{{"dry_run", options->dry_run},
                                   {"before", *before},
                                   {"after", wanted == "on"}}
                          .dump(2) +
                      "\n");
        return kExitDone;
    }
    context.note(
        wanted == "on"
            ? "mail that comes is ready at once; what is held: gatepost queue release --all"
            : "mail that comes is held until somebody releases it");
    if (options->dry_run) context.note("dry run: nothing was changed");
    return kExitDone;
}

}  // namespace

std::vector<CommandSpec> queue_commands() {
    std::vector<CommandSpec> rows = {
        {.noun = "queue",
         .verb = "list",
         .summary = "Mail for other systems that is not sent yet, oldest first; a line for each "
                    "recipient.",
         .options = {kStateOption,
                     kToOption,
                     kFromOption,
                     {"--limit", "N", "at most so many (default 100)"},
                     {"--after", "ID", "only what comes behind that number"}},
         .examples = {"gatepost queue list", "gatepost queue list --state held --to @example.net"},
         .run = list},
        {.noun = "queue",
         .verb = "show",
         .summary = "All about one recipient of a message, or the message itself.",
         .arguments = {{"ID", Arity::one, "its number in the queue"}},
         .options = {{"--body", "", "the message as it will be sent, octet by octet"}},
         .examples = {"gatepost queue show 17", "gatepost queue show 17 --body"},
         .run = show},
        {.noun = "queue",
         .verb = "stat",
         .summary = "How much is held, ready, handed out, delivered and failed, and since when.",
         .examples = {"gatepost queue stat", "gatepost queue stat --json"},
         .run = stat},
        {.noun = "queue",
         .verb = "hold",
         .summary = "Keeps what is ready from being sent until it is released.",
         .arguments = {kIdsArgument},
         .options = {kAllOption,
                     kStateOption,
                     kToOption,
                     kFromOption,
                     {"--reason", "TEXT", "shown beside it"}},
         .examples = {"gatepost queue hold 17 18", "gatepost queue hold --to @example.net"},
         .run = hold},
        {.noun = "queue",
         .verb = "release",
         .summary = "Lets what is held be sent, and what failed be tried again.",
         .arguments = {kIdsArgument},
         .options = {kAllOption, kStateOption, kToOption, kFromOption},
         .examples = {"gatepost queue release 17", "gatepost queue release --all"},
         .run = release},
        {.noun = "queue",
         .verb = "remove",
         .summary = "Takes recipients out of the queue: they never get the message, and nobody is "
                    "told.",
         .arguments = {kIdsArgument},
         .options = {kAllOption, kStateOption, kToOption, kFromOption},
         .examples = {"gatepost queue remove 17", "gatepost queue remove --state delivered --yes"},
         .run = remove},
        {.noun = "queue",
         .verb = "auto-release",
         .summary = "Says whether mail that comes is ready at once, or held until it is released.",
         .arguments = {{"SWITCH", Arity::one, "on or off"}},
         .examples = {"gatepost queue auto-release on", "gatepost queue auto-release off"},
         .run = auto_release},
    };
    for (CommandSpec& row : queue_token_commands()) rows.push_back(std::move(row));
    return rows;
}

}  // namespace gatepost::tools
