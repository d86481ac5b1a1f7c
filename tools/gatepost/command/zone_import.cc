#include "tools/gatepost/command/zone_import.h"

#include "controlplane/model/zone_import.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

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
            {"lsn", result.lsn == 0 ? ordered_json()
                                    : ordered_json(controlplane::lsn_to_text(result.lsn))},
            {"edge", edge_json(edge)}};
}

std::string result_text(const std::string& zone, const ZoneImportResult& result, bool dry_run) {
    if (!result.anything())
        return fmt::format("{} is the same already, serial {}", zone, result.serial);
    return fmt::format("{} {}: {} RRsets added, {} changed, {} removed, {} as they were; serial {}",
                       zone,
                       dry_run          ? "would be imported"
                       : result.created ? "created"
                                        : "updated",
                       grouped(result.added), grouped(result.changed), grouped(result.removed),
                       grouped(result.unchanged), result.serial);
}

// A file that cannot be good needs no database to be refused.
struct CheckedFile {
    storage::ZoneData zone;
    size_t warnings = 0;
    int code = kExitDone;
};

Result<CheckedFile> read_checked(Context& context, const Arguments& arguments,
                                 const std::string& file) {
    CheckedFile out;
    auto zone = read_zone(context, file, arguments.text("--zone"));
    if (!zone) return tl::unexpected(std::move(zone).error());
    const storage::ZoneCheckReport report = storage::check_zone(*zone);
    auto code = report_findings(context, arguments, file, report);
    if (!code) return tl::unexpected(std::move(code).error());
    out.zone = std::move(*zone);
    out.warnings = report.warning_count;
    out.code = *code;
    return out;
}

Status import_file(Context& context, const Arguments& arguments, const CheckedFile& file,
                   controlplane::Connection& connection) {
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    const std::string name = storage::dname_to_text(file.zone.apex());
    Progress progress(stderr, context.progress_style(), "import " + name, "RRsets");
    controlplane::ZoneImportOptions import;
    import.write = *options;
    import.progress = [&](uint64_t done, uint64_t total) { progress.update(done, total);
};
auto result = controlplane::zone_import(connection, file.zone, import);
progress.clear();
if (!result) return tl::unexpected(std::move(result).error());
context.note(result_text(name, *result, options->dry_run));
const EdgeWait edge = wait_for_edge(context, arguments, result->lsn);
if (context.json())
    context.print(result_json(name, *result, file.warnings, options->dry_run, edge).dump() + "\n");
return {};
}  // namespace

Result<bool> has_zones(controlplane::Connection& connection) {
    controlplane::ZoneListOptions any;
    any.limit = 1;
    any.counts = false;
    auto zones = controlplane::zone_list(connection, any);
    if (!zones) return tl::unexpected(std::move(zones).error());
    return !zones->empty();
}

Result<int> run(Context& context, const Arguments& arguments) {
    const std::vector<std::string>& files = arguments.list("FILE");
    if (files.size() > 1 && arguments.has("--zone"))
        return fail(ErrorCode::usage, "--zone names one zone, but there are {} files",
                    files.size());
    int worst = kExitDone;
    std::optional<controlplane::Connection> connection;
    for (const std::string& path : files) {
        auto file = read_checked(context, arguments, path);
        if (!file) return tl::unexpected(std::move(file).error());
        if (!connection) {
            auto opened = context.database();
            if (!opened) return tl::unexpected(std::move(opened).error());
            connection = std::move(*opened);
            auto any = arguments.has("--if-none") ? has_zones(*connection) : Result<bool>(false);
            if (!any) return tl::unexpected(std::move(any).error());
            if (*any) {
                context.note("there are zones already: nothing was imported");
                return kExitDone;
            }
        }
        if (Status done = import_file(context, arguments, *file, *connection); !done)
            return tl::unexpected(std::move(done).error());
        worst = std::max(worst, file->code);
    }
    return worst;
}

}  // namespace gatepost::tools

CommandSpec zone_import_command() {
    return {
        .noun = "zone",
        .verb = "import",
        .summary =
            "Makes zones be what master files say, each in one transaction: what is new is added, "
            "what "
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
