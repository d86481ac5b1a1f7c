// prober: changes records in a database and measures when a DNS server answers with them. Knows no
// schema: the caller gives the SQL. Prints one JSON object.
#include <fmt/format.h>
#include <sys/prctl.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <random>
#include <thread>

#include "bench/compare/change.h"
#include "bench/compare/commits.h"
#include "bench/compare/sweep.h"

namespace {

using namespace gatepost;
using namespace gatepost::bench;
using std::chrono::duration_cast;

constexpr uint32_t kFirstAddress = 0xC6130000;  // in 198.18.0.0/15: for benchmarks, RFC 2544
constexpr auto kCommitCheckMax = std::chrono::seconds(120);

struct Options {
    std::string dsn;
    std::string server;
    std::string sql;
    std::string setting;
    std::string name;
    unsigned count = 1;
    unsigned records = 0;
    unsigned connections = 8;
    double interval_s = 1;
    double jitter_s = 0;
    double wait_s = 30;
    double seconds = 10;
    unsigned every_us = 75;
    double settle_s = 0;
};

Clock::duration seconds(double value) {
    return duration_cast<Clock::duration>(std::chrono::duration<double>(value));
}

std::string address_text(uint32_t a) {
    return fmt::format("{}.{}.{}.{}", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
}

// {i} and {address} in a text of the caller.
std::string filled(std::string text, unsigned i, uint32_t address) {
    const std::pair<std::string_view, std::string> values[] = {
        {"{i}", std::to_string(i)}, {"{address}", address_text(address)}};
    for (const auto& [mark, value] : values)
        for (size_t at = 0; (at = text.find(mark, at)) != std::string::npos; at += value.size())
            text.replace(at, mark.size(), value);
    return text;
}

std::string number_or_null(const std::optional<double>& value) {
    return value ? fmt::format("{:.4f}", *value) : "null";
}

std::string json(const ChangeTimes& times) {
    return fmt::format(
        R"({{"statement_ms":{:.4f},"commit_ms":{:.4f},"answer_ms":{},"from_sent_ms":{},"silence_ms":{:.4f}}})",
        times.statement, times.commit, number_or_null(times.answer),
        number_or_null(times.answer_from_sent), times.silence);
}

// The first few.
std::string json(const std::vector<WrongAnswer>& wrong) {
    const auto text = [](const std::optional<uint32_t>& address) {
        return address ? address_text(*address) : "nothing";
    };
    std::string out;
    for (size_t i = 0; i < std::min<size_t>(wrong.size(), 5); ++i)
        out += fmt::format("{}\"{} instead of {}{}\"", i == 0 ? "" : ",", text(wrong[i].got),
                           text(wrong[i].expected), wrong[i].after_new ? ", seen before" : "");
    return out;
}

Result<std::vector<Expectation>> hosts(const Options& options, uint32_t address) {
    std::vector<Expectation> out;
    for (unsigned i = 0; i < options.records; ++i) {
        auto name = storage::dname_from_text(filled(options.name, i, address));
        if (!name) return tl::unexpected(name.error());
        out.push_back({*name, address});
    }
    return out;
}

// One change after the other; each is waited for.
Status measure_changes(const Options& options, controlplane::Connection& database, Asker& asker) {
    ChangeWatch watch(database, asker, std::chrono::microseconds(options.every_us));
    std::mt19937_64 random(42);
    auto due = Clock::now() + seconds(options.interval_s);
    std::string samples;
    for (unsigned i = 0; i < options.count; ++i) {
        const uint32_t address = kFirstAddress + i % 65'536;
        auto name = storage::dname_from_text(filled(options.name, i, address));
        if (!name) return tl::unexpected(name.error());
        // A record in use is asked for all the time, also before the change.
        const bool same = options.name.find("{i}") == std::string::npos;
        const double jitter = options.jitter_s * static_cast<double>(random() % 1000) / 1000;
        if (same)
            watch.idle(*name,
                       std::max(due - Clock::now(), Clock::duration::zero()) + seconds(jitter));
        due = Clock::now() + seconds(options.interval_s);
        auto times =
            watch.apply(filled(options.sql, i, address), *name, address, seconds(options.wait_s));
        if (!times) return tl::unexpected(times.error());
        samples += (samples.empty() ? "" : ",") + json(*times);
    }
    fmt::print("{{\"samples\":[{}],\"asked\":{},\"wrong\":{},\"wrong_answers\":[{}]}}\n", samples,
               watch.asked(), watch.wrong().size(), json(watch.wrong()));
    return {};
}

// One transaction that changes `records` names; then every one of them is asked for.
Status measure_bulk(const Options& options, controlplane::Connection& database, Asker& asker) {
    std::string samples;
    for (unsigned i = 0; i < options.count; ++i) {
        const uint32_t address = kFirstAddress + i % 65'536;
        auto expected = hosts(options, address);
        if (!expected) return tl::unexpected(expected.error());
        ChangeWatch watch(database, asker, std::chrono::microseconds(options.every_us));
        const auto times = watch.apply(filled(options.sql, i, address), expected->back().name,
                                       address, seconds(options.wait_s));
        if (!times) return tl::unexpected(times.error());
        const auto begin = Clock::now();
        const SweepResult swept =
            sweep(asker, *expected, seconds(times->answer ? options.wait_s : 0));
        const double first = times->answer.value_or(options.wait_s * 1000);
        const double all = first + milliseconds(swept.last_confirmed - begin);
        samples += fmt::format(
            R"({}{{"change":{},"first_ms":{:.4f},"all_ms":{:.4f},"stale":{},"unconfirmed":{}}})",
            samples.empty() ? "" : ",", json(*times), first, all, swept.stale, swept.unconfirmed);
    }
    fmt::print("{{\"samples\":[{}]}}\n", samples);
    return {};
}

Status measure_commits(const Options& options, Asker* asker) {
    CommitOptions about{.dsn = options.dsn,
                        .setting = options.setting,
                        .sql = options.sql,
                        .names = {},
                        .connections = options.connections,
                        .settle = seconds(options.settle_s),
                        .time = seconds(options.seconds)};
    for (unsigned i = 0; i < options.records; ++i)
        about.names.push_back(filled(options.name, i, 0));
    if (about.connections == 0 || about.names.size() < about.connections)
        return fail(ErrorCode::usage, "fewer names than connections");
    auto done = run_commits(about);
    if (!done) return tl::unexpected(done.error());
    std::string answered;
    if (asker != nullptr) {
        const SweepResult last =
            sweep(*asker, {done->changed[done->last_changed]}, kCommitCheckMax);
        const SweepResult all = sweep(*asker, done->changed, kCommitCheckMax);
        answered = fmt::format(R"(,"lag_ms":{:.4f},"all_answered_ms":{:.4f},"unconfirmed":{})",
                               milliseconds(last.last_confirmed - done->last_commit),
                               milliseconds(all.last_confirmed - done->last_commit),
                               last.unconfirmed + all.unconfirmed);
    }
    fmt::print("{{\"transactions\":{},\"seconds\":{:.4f},\"names\":{}{}}}\n", done->transactions,
               done->seconds, done->changed.size(), answered);
    return {};
}

Status run(const Options& options, const std::string& mode) {
    std::optional<Asker> asker;
    if (!options.server.empty()) {
        auto opened = Asker::open(options.server);
        if (!opened) return tl::unexpected(opened.error());
        asker = std::move(*opened);
    }
    if (mode == "commits") return measure_commits(options, asker ? &*asker : nullptr);
    if (!asker) return fail(ErrorCode::usage, "{} needs --server", mode);
    auto database = controlplane::Connection::open(options.dsn, "bench-prober");
    if (!database) return tl::unexpected(database.error());
    std::this_thread::sleep_for(seconds(options.settle_s));
    return mode == "bulk" ? measure_bulk(options, *database, *asker)
                          : measure_changes(options, *database, *asker);
}

void describe(CLI::App& app, Options& options) {
    for (const auto& [mode, what] :
         {std::pair{"change", "changes of single records, one after the other"},
          std::pair{"bulk", "many records in one transaction"},
          std::pair{"commits", "single-record transactions as fast as they go"}})
        app.add_subcommand(mode, what)->fallthrough();
    app.require_subcommand(1);
    app.add_option("--dsn", options.dsn, "the database")->required();
    app.add_option("--server", options.server, "the DNS server, such as 127.0.0.1@5300");
    app.add_option("--sql", options.sql, "the change; {i} and {address}, for commits $2 and $1")
        ->required();
    app.add_option("--set", options.setting, "a statement for each connection of commits");
    app.add_option("--name", options.name, "the name to ask for; {i}")->required();
    app.add_option("--count", options.count, "changes");
    app.add_option("--records", options.records, "names, {i} from 0, of bulk and commits");
    app.add_option("--connections", options.connections, "of commits");
    app.add_option("--interval", options.interval_s, "seconds from change to change");
    app.add_option("--jitter", options.jitter_s, "a random pause of up to so many seconds more");
    app.add_option("--wait", options.wait_s, "seconds until an answer counts as not in time");
    app.add_option("--seconds", options.seconds, "how long commits lasts");
    app.add_option("--settle", options.settle_s,
                   "seconds to wait with open connections before all");
    app.add_option("--every-us", options.every_us, "microseconds from question to question");
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app(
        "Changes records in a database, and measures when a DNS server answers with them.");
    describe(app, options);
    CLI11_PARSE(app, argc, argv);
    ::prctl(PR_SET_TIMERSLACK, 1);  // nanoseconds: the kernel's 50 us would stretch every pause
    const Status status = run(options, app.get_subcommands().front()->get_name());
    if (status) return 0;
    fmt::print(stderr, "prober: {}\n", status.error().message);
    return static_cast<int>(status.error().code);
}
