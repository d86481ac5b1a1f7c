// gatepost message inject
#include <fmt/format.h>

#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "tools/gatepost/command/message_commands.h"
#include "tools/gatepost/command/write_output.h"
#include "tools/gatepost/mail/local_smtp.h"
#include "tools/gatepost/mail/maildir.h"
#include "tools/gatepost/mail/message_header.h"

namespace gatepost::tools {

namespace {

using nlohmann::ordered_json;

constexpr uint64_t kMessageMax = uint64_t{2} << 30;  // octets: the largest smtp.message_size_max

Result<std::string> read_message(const std::string& file) {
    if (!file.empty() && file != "-") return read_whole_file(file, kMessageMax);
    std::string octets{std::istreambuf_iterator<char>(std::cin), {}};
    if (std::cin.bad()) return fail(ErrorCode::refused, "cannot read standard input");
    if (octets.size() > kMessageMax)
        return fail(ErrorCode::refused, "standard input has more than {} octets", kMessageMax);
    return octets;
}

// "ada@example.org" of "Ada <ada@example.org>"; "<>" is the null reverse-path.
std::string default_sender(const SplitMessage& message) {
    for (const char* name : {"Return-Path", "Sender", "From"}) {
        const std::string value = field_text(message, name);
        if (value == "<>") return "";
        if (const auto found = addresses_in(value); !found.empty()) return found.front();
    }
    return "";
}

Result<int> inject(Context& context, const Arguments& arguments) {
    auto config = context.config();
    if (!config) return tl::unexpected(std::move(config).error());
    if (!config->mail.is_served())
        return fail(ErrorCode::refused,
                    "mail is not served here: smtp.listen or smtp.socket is to be set");
    auto octets = read_message(arguments.text("FILE"));
    if (!octets) return tl::unexpected(std::move(octets).error());
    if (octets->empty()) return fail(ErrorCode::invalid, "there is no message: nothing to read");
    const SplitMessage split = split_message(*octets);
    OutgoingMessage message;
    message.sender = arguments.has("--from") ? arguments.text("--from") : default_sender(split);
    if (message.sender == "<>") message.sender.clear();
    message.recipients = arguments.list("--to");
    const std::string canonical = canonical_message(*octets);
    message.octets = canonical;
    if (context.options().dry_run) {
        context.note(fmt::format("dry run: {} octets from <{}> to {}", canonical.size(),
                                 message.sender, fmt::join(message.recipients, ", ")));
        return kExitDone;
    }
    auto smtp = LocalSmtp::connect(config->mail.socket, context.timeout(kLocalSmtpWait));
    if (!smtp) return tl::unexpected(std::move(smtp).error());
    auto done = smtp->send(message);
    if (!done)
        return fail(done.error().code == 0 ? ErrorCode::unreachable : ErrorCode::refused, "{}",
                    done.error().text);
    smtp->quit();
    ordered_json refused = ordered_json::array();
    for (const RefusedRecipient& one : done->refused) {
        context.warning(fmt::format("{}: {}", one.address, one.reply.text));
        refused.push_back({{"address", one.address}, {"reply", one.reply.text}});
    }
    if (context.json())
        context.print(ordered_json{{"blob_id", done->blob_id}, {"refused", refused}}.dump(2) +
                      "\n");
    else
        context.print(done->blob_id + "\n");
    return done->refused.empty() ? kExitDone : kExitWarnings;
}

}  // namespace

std::vector<CommandSpec> message_inject_commands() {
    return {
        {.noun = "message",
         .verb = "inject",
         .summary = "Hands a message in, as a program of this host does: it is delivered, or goes "
                    "into the queue. Says its blob id; exit code 8 where a recipient was refused.",
         .arguments = {{"FILE", Arity::optional, "the message; - or nothing: standard input"}},
         .options = {{"--to", "ADDRESS…", "a recipient"},
                     {"--from", "ADDRESS",
                      "the envelope's sender; <> for none (default: what the "
                      "header says)"}},
         .examples = {"gatepost message inject --to ada@example.org hello.eml",
                      "gatepost message inject --from '<>' --to ada@example.org -"},
         .run = inject},
    };
}

}  // namespace gatepost::tools
