// gatepost store check|stat
#include <nlohmann/json.hpp>

#include "storage/message_log/body_file.h"
#include "storage/message_log/store_check.h"
#include "tools/gatepost/cli/context.h"
#include "tools/gatepost/command/nouns.h"
#include "tools/gatepost/output/table.h"

namespace gatepost::tools {

namespace {

using nlohmann::ordered_json;
using storage::SegmentReport;
using storage::StoreReport;

constexpr ArgumentSpec kDirectoryArgument = {"DIR", Arity::optional,
                                             "the message log (default: that of the instance)"};

Result<StoreReport> read_store(Context& context, const Arguments& arguments) {
    std::string path = arguments.text("DIR");
    if (path.empty()) {
        auto config = context.config();
        if (!config) return tl::unexpected(std::move(config).error());
        path = config->messages();
    }
    auto folder = storage::MessageFolder::open(path);
    if (!folder) return tl::unexpected(std::move(folder).error());
    storage::DirectorySource source(folder->descriptor());
    Progress progress(stderr, context.progress_style(), "read " + path, "segments");
    return storage::check_store(source,
                                [&](size_t done, size_t total) { progress.update(done, total); });
}

ordered_json segment_json(const SegmentReport& segment) {
    ordered_json damage = ordered_json::array();
    for (const storage::DamagedRange& range : segment.damage)
        damage.push_back(
            {{"offset", range.offset}, {"bytes", range.size}, {"is_tail", range.is_tail}});
    return {{"file", storage::segment_file_name(segment.name.number, segment.name.kind)},
            {"size_bytes", segment.size},
            {"used_bytes", segment.used},
            {"messages", segment.messages},
            {"moved_bodies", segment.bodies},
            {"body_bytes", segment.body_octets},
            {"undone", segment.undone},
            {"missing_records", segment.missing},
            {"malformed_records", segment.malformed},
            {"unreadable_bytes", segment.unreadable},
            {"header_is_bad", segment.is_header_bad},
            {"body_is_bad", segment.is_body_bad},
            {"is_uncommitted", segment.is_uncommitted},
            {"damage", damage}};
}

ordered_json store_json(const StoreReport& report) {
    ordered_json segments = ordered_json::array();
    for (const SegmentReport& segment : report.segments) segments.push_back(segment_json(segment));
    return {{"sound", report.is_sound()},  {"size_bytes", report.octets},
            {"messages", report.messages}, {"body_bytes", report.body_octets},
            {"undone", report.undone},     {"lost_bodies", report.lost_bodies},
            {"findings", report.findings}, {"segments", segments}};
}

std::string totals_text(const StoreReport& report) {
    return fmt::format("{}, {}; {} with {} of bodies, {} not delivered\n",
                       counted(report.segments.size(), "segment"), human_size(report.octets),
                       counted(report.messages, "message"), human_size(report.body_octets),
                       grouped(report.undone));
}

Result<int> check(Context& context, const Arguments& arguments) {
    auto report = read_store(context, arguments);
    if (!report) return tl::unexpected(std::move(report).error());
    if (context.json()) {
        context.print(store_json(*report).dump(2) + "\n");
    } else {
        for (const std::string& finding : report->findings) context.complain(finding);
        context.print(totals_text(*report));
        if (report->is_sound()) context.note("all checksums are right");
    }
    return report->is_sound() ? kExitDone : static_cast<int>(ErrorCode::invalid);
}

Result<int> stat(Context& context, const Arguments& arguments) {
    auto report = read_store(context, arguments);
    if (!report) return tl::unexpected(std::move(report).error());
    if (context.json()) {
        context.print(store_json(*report).dump(2) + "\n");
        return kExitDone;
    }
    Table table({{"SEGMENT"},
                 {"SIZE", Align::right},
                 {"USED", Align::right},
                 {"MESSAGES", Align::right},
                 {"MOVED HERE", Align::right},
                 {"BODIES", Align::right},
                 {"UNDELIVERED", Align::right}});
    for (const SegmentReport& segment : report->segments)
        table.row({storage::segment_file_name(segment.name.number, segment.name.kind),
                   human_size(segment.size), human_size(segment.used), grouped(segment.messages),
                   grouped(segment.bodies), human_size(segment.body_octets),
                   grouped(segment.undone)});
    context.print(table.text() + totals_text(*report));
    return kExitDone;
}

}  // namespace

std::vector<CommandSpec> store_commands() {
    return {
        {.noun = "store",
         .verb = "check",
         .summary = "Reads the whole message log and compares every checksum. Changes nothing; "
                    "exit code 5 where something is damaged. What is being written while it reads "
                    "may look torn.",
         .arguments = {kDirectoryArgument},
         .examples = {"gatepost store check", "gatepost store check /mnt/backup/messages --json"},
         .run = check},
        {.noun = "store",
         .verb = "stat",
         .summary = "What each segment of the message log holds.",
         .arguments = {kDirectoryArgument},
         .examples = {"gatepost store stat", "gatepost store stat --json"},
         .run = stat},
    };
}

}  // namespace gatepost::tools
