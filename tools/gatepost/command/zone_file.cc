#include "tools/gatepost/command/zone_file.h"

#include <cstdio>

#include "tools/gatepost/output/progress.h"
#include "tools/gatepost/output/table.h"

namespace gatepost::tools {

Result<storage::ZoneData> read_zone(const Context& context, const std::string& path,
                                    const std::string& apex) {
    storage::MasterFileOptions options;
    options.allow_include = true;
    std::optional<storage::Dname> name;
    if (!apex.empty()) {
        // "example.org" without its dot is meant as absolute.
        auto parsed = storage::dname_from_text(apex);
        if (!parsed) return fail(ErrorCode::usage, "--zone: {}", parsed.error().message);
        name = storage::dname_lower(*parsed);
        options.origin = *name;
    }
    Progress progress(stderr, context.progress_style(), "reading " + path, "octets");
    options.progress = [&](uint64_t done, uint64_t total) { progress.update(done, total); };
    return storage::read_zone_file(path, options, name);
}

Result<int> report_findings(const Context& context, const Arguments& arguments,
                            const std::string& what, const storage::ZoneCheckReport& report) {
    for (const storage::Finding& finding : report.findings) context.complain(finding.text());
    const size_t left_out = report.error_count + report.warning_count - report.findings.size();
    if (left_out > 0) context.complain(fmt::format("… and {} more", left_out));
    const bool refused =
        !report.ok() || (report.warning_count > 0 && arguments.has("--warnings-as-errors"));
    if (refused)
        return fail(ErrorCode::invalid, "{}: {}, {}", what, counted(report.error_count, "error"),
                    counted(report.warning_count, "warning"));
    return report.warning_count > 0 ? kExitWarnings : kExitDone;
}

}  // namespace gatepost::tools
