#include "tools/load/imap/imap_run.h"

#include <fmt/format.h>
#include <signal.h>

#include <cstdio>
#include <ctime>
#include <optional>
#include <random>

#include "tools/load/imap/imap_report.h"
#include "tools/load/run_support.h"

namespace gatepost::tools {

namespace {

constexpr const char* kHost = "load.example.test";  // of the Message-IDs

ImapEngine* running = nullptr;  // for the signal handler

void stop_running(int) {
    if (running != nullptr) running->stop();
}

MessageMaker make_messages(const ImapLoadOptions& options) {
    MessageMakerOptions about;
    about.run = options.run;
    if (about.run.empty()) about.run = fmt::format("{:08x}", std::random_device()());
    about.host = kHost;
    about.size = options.message_size;
    about.date_s = std::time(nullptr);
    return MessageMaker(std::move(about));
}

void say_stage(ImapStage stage) {
    fmt::print(stderr, "{}\n", imap_stage_name(stage));
}

// Processor time from where the measuring begins to where it ends.
struct StageCpu {
    CpuSeconds begun;
    CpuSeconds ended;

    void note(ImapStage stage) {
        if (stage == ImapStage::measuring) begun = cpu_seconds();
        if (stage == ImapStage::measured) ended = cpu_seconds();
    }
    CpuSeconds spent() const { return {ended.user - begun.user, ended.system - begun.system}; }
};

}  // namespace

Result<int> run_imap_load(ImapLoadOptions options) {
    std::optional<TlsClientContext> tls;
    if (options.uses_tls()) options.plan.tls = &tls.emplace();
    for (Status done : {raise_descriptors(options.engine.connections), pin_to_core(options.core)})
        if (!done) return tl::unexpected(std::move(done).error());
    const MessageMaker maker = make_messages(options);
    MonotonicClock clock;
    auto engine = std::make_unique<ImapEngine>(options.engine, options.plan, maker, clock);
    StageCpu cpu;
    engine->enter = [&](ImapStage stage) {
        cpu.note(stage);
        if (options.stages) say_stage(stage);
    };
    if (!options.quiet)
        engine->watch = [](const ImapInterval& interval) {
            std::fputs(imap_interval_line(interval).c_str(), stderr);
        };
    // A server that is gone is told by an error.
    ::signal(SIGPIPE, SIG_IGN);
    running = engine.get();
    catch_stop_signals(stop_running);
    auto statistics = engine->run();
    running = nullptr;
    if (!statistics) return tl::unexpected(std::move(statistics).error());
    const ImapReport report{options, std::move(*statistics), cpu.spent()};
    if (options.json != "-") std::fputs(imap_report_table(report).c_str(), stdout);
    if (Status written = write_json(options.json, imap_report_json(report)); !written)
        return tl::unexpected(std::move(written).error());
    return report.statistics.failed() ? 1 : 0;
}

}  // namespace gatepost::tools
