#include "tools/gatepost/command/write_output.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "tools/gatepost/config/units.h"

namespace gatepost::tools {

using controlplane::RRsetChange;
using controlplane::RRsetValues;
using nlohmann::ordered_json;

namespace {

constexpr uint64_t kTtlMax = 0x7fffffff;  // seconds, RFC 2181 §8

// A line for each value of `values` that `other` lacks; all of them where the TTL differs.
void append_lines(std::string& out, char sign, const RRsetChange& change,
                  const std::optional<RRsetValues>& values,
                  const std::optional<RRsetValues>& other) {
    if (!values) return;
    for (const std::string& value : values->values) {
        const bool stays =
            other && other->ttl == values->ttl &&
            std::find(other->values.begin(), other->values.end(), value) != other->values.end();
        if (!stays)
            out +=
                fmt::format("{} {} {} {} {}\n", sign, change.name, values->ttl, change.type, value);
    }
}

ordered_json values_json(const std::optional<RRsetValues>& values) {
    if (!values) return nullptr;
    return {{"ttl_seconds", values->ttl}, {"data", values->values}};
}

}  // namespace

std::string actor_name() {
    if (const char* user = std::getenv("SUDO_USER"); user != nullptr && *user != '\0') return user;
    const passwd* entry = ::getpwuid(::getuid());
    return entry != nullptr ? entry->pw_name : fmt::format("uid {}", ::getuid());
}

Result<controlplane::WriteOptions> write_options(const Context& context,
                                                 const Arguments& arguments) {
    controlplane::WriteOptions options;
    options.actor = actor_name();
    options.dry_run = context.options().dry_run;
    auto serial = arguments.number("--if-serial");
    if (!serial) return tl::unexpected(std::move(serial).error());
    if (*serial && **serial > UINT32_MAX)
        return fail(ErrorCode::usage, "--if-serial: {} is not a serial, which has 32 bits",
                    **serial);
    if (*serial) options.if_serial = static_cast<uint32_t>(**serial);
    return options;
}

Result<std::optional<uint32_t>> ttl_option(const Arguments& arguments) {
    if (!arguments.has("--ttl")) return std::nullopt;
    uint64_t seconds = 0;
    if (auto number = arguments.number("--ttl")) {
        seconds = **number;
    } else {
        auto duration = duration_from_text(arguments.text("--ttl"));
        if (!duration || duration->count() % 1000 != 0)
            return fail(ErrorCode::usage,
                        "--ttl: \"{}\" is not a TTL, expected seconds or one such as 1h",
                        arguments.text("--ttl"));
        seconds = static_cast<uint64_t>(duration->count() / 1000);
    }
    if (seconds > kTtlMax)
        return fail(ErrorCode::usage, "--ttl: {} is too long, at most {} s (RFC 2181)", seconds,
                    kTtlMax);
    return static_cast<uint32_t>(seconds);
}

std::string changes_text(const std::vector<RRsetChange>& changes) {
    std::string out;
    for (const RRsetChange& change : changes) {
        append_lines(out, '-', change, change.before, change.after);
        append_lines(out, '+', change, change.after, change.before);
    }
    return out;
}

ordered_json changes_json(const std::vector<RRsetChange>& changes) {
    ordered_json out = ordered_json::array();
    for (const RRsetChange& change : changes)
        if (change.changed())
            out.push_back({{"name", change.name},
                           {"type", change.type},
                           {"before", values_json(change.before)},
                           {"after", values_json(change.after)}});
    return out;
}

ordered_json edge_json(const EdgeWait& edge) {
    if (!edge.waited) return nullptr;
    return {{"reached", edge.reached}, {"wait_ms", edge.milliseconds}};
}

void report_write(Context& context, const Arguments& arguments, const std::string& zone,
                  const controlplane::WriteResult& result) {
    const bool dry_run = context.options().dry_run;
    if (!context.json()) {
        const std::string changes = changes_text(result.changes);
        context.print(changes);
        if (changes.empty())
            context.note("nothing to change");
        else if (dry_run)
            context.note("dry run: nothing was changed");
        else
            context.note(fmt::format("{} has serial {}", zone, result.serial));
        wait_for_edge(context, arguments, result.lsn);
        return;
    }
    const EdgeWait edge = wait_for_edge(context, arguments, result.lsn);
    const ordered_json lsn =
        result.lsn == 0 ? ordered_json() : ordered_json(controlplane::lsn_to_text(result.lsn));
    context.print(ordered_json{{"zone", zone},
                               {"serial", result.serial},
                               {"dry_run", dry_run},
                               {"changes", changes_json(result.changes)},
                               {"lsn", lsn},
                               {"edge", edge_json(edge)}}
                      .dump(2) +
                  "\n");
}

}  // namespace gatepost::tools
