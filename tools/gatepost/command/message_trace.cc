// gatepost message trace
#include <algorithm>
#include <nlohmann/json.hpp>

#include "controlplane/model/stored_message.h"
#include "storage/message_log/body_file.h"
#include "storage/message_log/segment_source.h"
#include "storage/spool/spool_scan.h"
#include "tools/gatepost/cli/context.h"
#include "tools/gatepost/command/message_commands.h"
#include "tools/gatepost/output/table.h"

namespace gatepost::tools {

namespace {

using controlplane::MessageTrace;
using nlohmann::ordered_json;

// When it was made, which the name of version 7 begins with (RFC 9562 §5.7).
std::string accepted_at(const std::string& blob_id) {
    const auto blob = storage::parse_blob_id(blob_id);
    if (!blob) return "";
    const auto second = static_cast<std::time_t>((blob->high >> 16) / 1000);
    std::tm time{};
    ::gmtime_r(&second, &time);
    char text[sizeof "2026-08-01T12:00:00Z"];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &time);
    return text;
}

// Whether it waits in the message log for its delivery. Empty: it does not, or the log cannot be
// read, which `context` is told of.
std::optional<MessageTrace> in_spool(Context& context, const std::string& blob_id) {
    const auto blob = storage::parse_blob_id(blob_id);
    auto config = context.config();
    if (!blob || !config) return std::nullopt;
    auto folder = storage::MessageFolder::open(config->messages());
    if (!folder) {
        context.detail(folder.error().message);
        return std::nullopt;
    }
    storage::DirectorySource source(folder->descriptor());
    auto scan = storage::scan_spool(source);
    if (!scan) {
        context.warning(scan.error().message);
        return std::nullopt;
    }
    const auto found = std::ranges::find(scan->messages, *blob, &storage::SpooledMessage::id);
    if (found == scan->messages.end()) return std::nullopt;
    MessageTrace trace;
    trace.what = "spool";
    trace.blob_id = blob_id;
    trace.at = accepted_at(blob_id);
    trace.state = "accepted; its delivery is not known to be done";
    trace.body = found->body;
    return trace;
}

ordered_json trace_json(const MessageTrace& trace) {
    const auto null_if_empty = [](const std::string& text) {
        return text.empty() ? ordered_json() : ordered_json(text);
    };
    return {{"where", trace.what},
            {"blob_id", trace.blob_id},
            {"accepted_at", null_if_empty(accepted_at(trace.blob_id))},
            {"at", trace.at},
            {"recipient", null_if_empty(trace.recipient)},
            {"state", trace.state},
            {"detail", null_if_empty(trace.detail)},
            {"size_bytes", trace.body.size}};
}

Result<int> trace(Context& context, const Arguments& arguments) {
    const std::string name = arguments.text("NAME");
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto traces = controlplane::message_trace(*connection, name);
    if (!traces) return tl::unexpected(std::move(traces).error());
    const std::string blob = traces->empty() ? name : traces->front().blob_id;
    if (auto spooled = in_spool(context, blob)) traces->insert(traces->begin(), *spooled);
    if (traces->empty())
        return fail(ErrorCode::refused,
                    "nothing is known of {}: it was never accepted here, or all traces of it are "
                    "gone",
                    name);
    ordered_json out = ordered_json::array();
    std::string text;
    std::string of;
    Table table({{"AT"}, {"WHERE"}, {"WHO"}, {"STATE"}, {"DETAIL"}});
    for (const MessageTrace& one : *traces) {
        if (one.blob_id != of)
            text += fmt::format("{} accepted {}\n", one.blob_id, accepted_at(one.blob_id));
        of = one.blob_id;
        table.row({one.at, one.what, one.recipient, one.state, one.detail});
        out.push_back(trace_json(one));
    }
    context.print(context.json() ? ordered_json{{"traces", out}}.dump(2) + "\n"
                                 : text + table.text());
    return kExitDone;
}

}  // namespace

std::vector<CommandSpec> message_trace_commands() {
    return {
        {.noun = "message",
         .verb = "trace",
         .summary = "Where a message is and was: waiting for its delivery, in mailboxes, in the "
                    "queue, or undeliverable. By Message-ID only what is in mailboxes is found.",
         .arguments = {{"NAME", Arity::one,
                        "its blob id (what the client was told), its number in "
                        "the queue, or its Message-ID"}},
         .examples = {"gatepost message trace 0192f0c4-7b1e-7c33-98c4-dc0c0c07398f",
                      "gatepost message trace '<1234@example.net>'"},
         .run = trace},
    };
}

}  // namespace gatepost::tools
