// gatepost message list|show
#include <charconv>
#include <nlohmann/json.hpp>

#include "controlplane/model/mail_name.h"
#include "controlplane/model/mailbox.h"
#include "controlplane/model/stored_message.h"
#include "tools/gatepost/command/mailbox_commands.h"
#include "tools/gatepost/command/message_commands.h"
#include "tools/gatepost/command/message_output.h"
#include "tools/gatepost/command/nouns.h"
#include "tools/gatepost/command/user_commands.h"
#include "tools/gatepost/mail/message_header.h"

namespace gatepost::tools {

namespace {

using controlplane::Connection;
using controlplane::StoredMessage;
using nlohmann::ordered_json;

constexpr size_t kListDefault = 50;  // messages

constexpr OptionSpec kMailboxOption = {"--mailbox", "MAILBOX", "in this one (default INBOX)"};

Result<std::string> mailbox_option(const Arguments& arguments) {
    auto name = mailbox_argument(arguments, "--mailbox");
    if (name && name->empty()) return std::string("INBOX");
    return name;
}

Result<int> list(Context& context, const Arguments& arguments) {
    auto address = address_argument(arguments);
    if (!address) return tl::unexpected(std::move(address).error());
    auto name = mailbox_option(arguments);
    if (!name) return tl::unexpected(std::move(name).error());
    auto limit = arguments.number("--limit");
    if (!limit) return tl::unexpected(std::move(limit).error());
    auto after = arguments.number("--after");
    if (!after) return tl::unexpected(std::move(after).error());
    const size_t count = std::min<uint64_t>(limit->value_or(kListDefault), INT32_MAX);
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto mailbox = controlplane::mailbox_get(*connection, *address, *name);
    if (!mailbox) return tl::unexpected(std::move(mailbox).error());
    auto messages = *after ? controlplane::message_list(*connection, mailbox->id, **after, count)
                           : controlplane::message_list_newest(*connection, mailbox->id, count);
    if (!messages) return tl::unexpected(std::move(messages).error());
    if (!context.json()) {
        context.print(stored_message_table(*messages));
        if (messages->size() < mailbox->messages && !*after)
            context.note(fmt::format("the newest {} of {}; from the first: --after 0",
                                     messages->size(), mailbox->messages));
        return kExitDone;
    }
    ordered_json out = ordered_json::array();
    for (const StoredMessage& message : *messages) out.push_back(stored_message_json(message));
    context.print(ordered_json{{"address", *address}, {"mailbox", *name}, {"messages", out}}.dump(
                      2, ' ', false, ordered_json::error_handler_t::replace) +
                  "\n");
    return kExitDone;
}

// NAME is a blob id, or a UID of a mailbox of --of.
Result<StoredMessage> find_message(Connection& connection, const Arguments& arguments) {
    const std::string name = arguments.text("NAME");
    if (storage::parse_blob_id(name)) {
        auto copies = controlplane::message_by_blob(connection, name);
        if (!copies) return tl::unexpected(std::move(copies).error());
        if (!copies->empty()) return std::move(copies->front());
        return fail(ErrorCode::refused, "no mailbox has the message {}: gatepost message trace {}",
                    name, name);
    }
    uint64_t uid = 0;
    const char* const end = name.data() + name.size();
    const auto [at, error] = std::from_chars(name.data(), end, uid);
    if (error != std::errc() || at != end || !arguments.has("--of"))
        return fail(ErrorCode::usage,
                    "a message is named by its blob id, or by its UID and --of ADDRESS");
    auto address = controlplane::mail_address_from_text(arguments.text("--of"));
    if (!address) return tl::unexpected(std::move(address).error());
    auto mailbox_name = mailbox_option(arguments);
    if (!mailbox_name) return tl::unexpected(std::move(mailbox_name).error());
    auto mailbox = controlplane::mailbox_get(connection, *address, *mailbox_name);
    if (!mailbox) return tl::unexpected(std::move(mailbox).error());
    auto found = controlplane::message_by_uid(connection, mailbox->id, uid);
    if (!found) return tl::unexpected(std::move(found).error());
    if (found->empty())
        return fail(ErrorCode::refused, "there is no UID {} in {} of {}", uid, *mailbox_name,
                    *address);
    return std::move(found->front());
}

Result<int> show(Context& context, const Arguments& arguments) {
    if (arguments.has("--raw") && arguments.has("--structure"))
        return fail(ErrorCode::usage, "either --raw or --structure");
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto message = find_message(*connection, arguments);
    if (!message) return tl::unexpected(std::move(message).error());
    auto config = context.config();
    if (!config) return tl::unexpected(std::move(config).error());
    auto folder = storage::MessageFolder::open(config->messages());
    if (!folder) return tl::unexpected(std::move(folder).error());
    auto octets = stored_octets(*connection, *folder, *message);
    if (!octets) return tl::unexpected(std::move(octets).error());
    if (arguments.has("--raw")) {
        context.print(*octets);
        return kExitDone;
    }
    const SplitMessage split = split_message(*octets);
    if (context.json()) {
        ordered_json out = stored_message_json(*message);
        out["header"] = ordered_json::array();
        for (const RawField& field : split.fields)
            out["header"].push_back(
                {{"name", printable(field.name)}, {"value", printable(field.value)}});
        out["structure"] = structure_json(*octets);
        context.print(out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n");
        return kExitDone;
    }
    if (arguments.has("--structure")) {
        context.print(structure_text(*octets));
        return kExitDone;
    }
    std::string header = std::string(split.header);
    std::erase(header, '\r');
    context.print(printable(header));
    return kExitDone;
}

}  // namespace

std::vector<CommandSpec> message_commands() {
    std::vector<CommandSpec> rows = {
        {.noun = "message",
         .verb = "list",
         .summary = "The messages of a mailbox, the newest last.",
         .arguments = {kAddressArgument},
         .options = {kMailboxOption,
                     {"--limit", "N", "at most so many (default 50)"},
                     {"--after", "UID", "those behind it, instead of the newest"}},
         .examples = {"gatepost message list ada@example.org",
                      "gatepost message list ada@example.org --mailbox Junk --limit 10"},
         .run = list},
        {.noun = "message",
         .verb = "show",
         .summary = "The header of a message; or all of it, or the parts that it has.",
         .arguments = {{"NAME", Arity::one, "a blob id, or a UID of --mailbox"}},
         .options = {{"--of", "ADDRESS", "whose mailbox the UID is of"},
                     kMailboxOption,
                     {"--raw", "", "the message octet by octet"},
                     {"--structure", "", "its parts"}},
         .examples = {"gatepost message show 12 --of ada@example.org",
                      "gatepost message show 0192f0c4-7b1e-7c33-98c4-dc0c0c07398f --raw"},
         .run = show},
    };
    for (auto more : {message_inject_commands, message_trace_commands})
        for (CommandSpec& row : more()) rows.push_back(std::move(row));
    return rows;
}

}  // namespace gatepost::tools
