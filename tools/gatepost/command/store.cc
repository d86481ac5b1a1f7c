// gatepost store check|stat|compact
#include <nlohmann/json.hpp>

#include "storage/message_log/body_file.h"
#include "storage/message_log/store_check.h"
#include "tools/gatepost/cli/context.h"
#include "tools/gatepost/command/nouns.h"
#include "tools/gatepost/output/table.h"

namespace gatepost::tools {

namespace {

using namespace std::chrono_literals;
using nlohmann::json;
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

// Of one pass: all references of the database are read, and 256 MiB are copied.
constexpr auto kPassMax = 15min;

Result<json> compact_once(Context& context, bool dry_run) {
    auto control = context.control();
    if (!control) return tl::unexpected(std::move(control).error());
    return control->request({{"op", "store.compact"}, {"dry_run", dry_run}},
                            context.timeout(kPassMax));
}

// What a pass did, added to what those before it did.
void add_pass(json& total, const json& pass) {
    for (const char* name :
         {"dead", "sparse", "freed_bytes", "bodies_copied", "copied_bytes", "messages_moved"})
        total[name] = total.value(name, uint64_t{0}) + pass.value(name, uint64_t{0});
    for (const char* name : {"dead_files", "sparse_files", "findings"})
        for (const json& one : pass.value(name, json::array())) total[name].push_back(one);
    for (const char* name : {"waiting", "waiting_files", "waits_for", "more"})
        total[name] = pass[name];
}

std::string compaction_text(const json& report, bool dry_run) {
    const auto octets = [&](const char* name) {
        return human_size(report.value(name, uint64_t{0}));
    };
    const auto dead = report.value("dead", uint64_t{0});
    const auto sparse = report.value("sparse", uint64_t{0});
    std::string text = fmt::format("{}, {}, of which {} are needed\n",
                                   counted(report.value("segments", uint64_t{0}), "file"),
                                   octets("size_bytes"), octets("live_bytes"));
    if (dead + sparse == 0) return text + "nothing to compact\n";
    if (dry_run)
        return text + fmt::format(
                          "{} needed by nobody, {} to be copied together: {} would come "
                          "back\n",
                          counted(dead, "file"), counted(sparse, "file"), octets("freed_bytes"));
    return text + fmt::format("{} copied out of {} ({}), {} needed by nobody: {} come back\n",
                              counted(report.value("bodies_copied", uint64_t{0}), "message"),
                              counted(sparse, "file"), octets("copied_bytes"),
                              counted(dead, "file"), octets("freed_bytes"));
}

Result<int> compact(Context& context, const Arguments&) {
    const bool dry_run = context.options().dry_run;
    json total;
    for (bool more = true; more;) {
        auto pass = compact_once(context, dry_run);
        if (!pass) return tl::unexpected(std::move(pass).error());
        more = !dry_run && pass->value("more", false);
        if (total.is_null())
            total = std::move(*pass);
        else
            add_pass(total, *pass);
    }
    total.erase("ok");
    if (context.json()) {
        context.print(total.dump(2) + "\n");
        return kExitDone;
    }
    for (const json& finding : total["findings"]) context.complain(finding.get<std::string>());
    context.print(compaction_text(total, dry_run));
    const auto waiting = total.value("waiting", uint64_t{0});
    if (waiting > 0)
        context.note(
            fmt::format("{} will be removed after store.compact_grace{}", counted(waiting, "file"),
                        total["waits_for"] == ""
                            ? ""
                            : ", once this is over: " + total["waits_for"].get<std::string>()));
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
        {.noun = "store",
         .verb = "compact",
         .summary =
             "Gives the space of expunged mail back: copies what is still needed out of "
             "files of which little is, and removes them and those that nobody needs after "
             "a grace time. Mail goes on meanwhile. The control plane does it by itself once "
             "an hour (store.compact_live_percent).",
         .examples = {"gatepost store compact --dry-run", "gatepost store compact --json"},
         .run = compact},
    };
}

}  // namespace gatepost::tools
