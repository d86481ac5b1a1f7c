#include "tools/gatepost/command/zone_import.h"

#include "controlplane/model/zone_import.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "controlplane/model/zone.h"
#include "tools/gatepost/cli/context.h"
#include "tools/gatepost/command/write_output.h"
#include "tools/gatepost/command/zone_file.h"
#include "tools/gatepost/output/progress.h"
#include "tools/gatepost/output/table.h"

namespace gatepost::tools {

namespace {

using controlplane::ZoneImportResult;
using nlohmann::ordered_json;

ordered_json result_json(const std::string& zone, const ZoneImportResult& result, size_t warnings,
                         bool dry_run, const EdgeWait& edge) {
    return {{"zone", zone},
            {"created", result.created},
            {"dry_run", dry_run},
            {"added", result.added},
            {"changed", result.changed},
            {"removed", result.removed},
            {"unchanged", result.unchanged},
            {"serial_before", result.created ? ordered_json() : ordered_json(result.serial_before)},
            {"serial", result.serial},
            {"warnings", warnings},
            {"lsn", result.lsn == 0 ? ordered_json() : ordered_json(controlplane::lsn_to_text(result.lsn))},
            {"edge", edge_json(edge)}};
}

std::string result_text(const std::string& zone, const ZoneImportResult& result, bool dry_run) {
    if (!result.anything()) return fmt::format("{} is the same already, serial {}", zone, result.serial);
    return fmt::format("{} {}: {} RRsets added, {} changed, {} removed, {} as they were; serial {}", zone,
                       dry_run          ? "would be imported"
                       : result.created ? "created"
                                        : "updated",
                       grouped(result.added), grouped(result.changed), grouped(result.removed),
                       grouped(result.unchanged), result.serial);
}

Result<int> import_file(Context& context, const Arguments& arguments, const std::string& file,
                        controlplane::Connection& connection) {
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    auto zone = read_zone(context, file, arguments.text("--zone"));
    if (!zone) return tl::unexpected(std::move(zone).error());
    const storage::ZoneCheckReport report = storage::check_zone(*zone);
    auto code = report_findings(context, arguments, file, report);
    if (!code) return code;

    const std::string name = storage::dname_to_text(zone->apex());
    Progress progress(stderr, context.progress_style(), "import " + name, "RRsets");
    controlplane::ZoneImportOptions import;
    import.write = *options;
    import.progress = [&](uint64_t done, uint64_t total) { progress.update(done, total); };
    auto result = controlplane::zone_import(connection, *zone, import);
    progress.clear();
    if (!result) return tl::unexpected(std::move(result).error());
    context.note(result_text(name, *result, options->dry_run));
    const EdgeWait edge = wait_for_edge(context, arguments, result->lsn);
    if (context.json())
        context.print(
            result_json(name, *result, report.warning_count, options->dry_run, edge).dump() + "\n");
    return code;
}

Result<int> run(Context& context, const Arguments& arguments) {
    const std::vector<std::string>& files = arguments.list("FILE");
    if (files.size() > 1 && arguments.has("--zone"))
        return fail(ErrorCode::usage, "--zone names one zone, but there are {} files", files.size());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    if (arguments.has("--if-none")) {
        controlplane::ZoneListOptions any;
        any.limit = 1;
        any.counts = false;
        auto zones = controlplane::zone_list(*connection, any);
        if (!zones) return tl::unexpected(std::move(zones).error());
        if (!zones->empty()) {
            context.note("there are zones already: nothing was imported");
            return kExitDone;
        }
    }
    int worst = kExitDone;
    for (const std::string& file : files) {
        auto code = import_file(context, arguments, file, *connection);
        if (!code) return code;
        worst = std::max(worst, *code);
    }
    return worst;
}

}  // namespace

CommandSpec zone_import_command() {
    return {.noun = "zone",
            .verb = "import",
            .summary = "Makes zones be what master files say, each in one transaction: what is new is added, what "
                       "is gone is removed. A file with errors is refused (exit code 5); warnings give exit "
                       "code 8.",
            .arguments = {{"FILE", Arity::many, "a master file (RFC 1035), - for standard input"}},
            .options = {kZoneOption,
                        kIfSerialOption,
                        {"--if-none", "", "only where the database has no zone at all"},
                        kWarningsOption,
                        kNoWaitOption},
            .examples = {"gatepost zone import example.org.zone",
                         "gatepost zone import zones/*.zone --dry-run"},
            .run = run};
}

}  // namespace gatepost::tools
