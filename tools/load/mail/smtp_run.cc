#include "tools/load/mail/smtp_run.h"

#include <fmt/format.h>
#include <signal.h>

#include <cstdio>
#include <ctime>
#include <optional>
#include <random>

#include "tools/load/mail/mail_engine.h"
#include "tools/load/mail/mail_report.h"
#include "tools/load/run_support.h"

namespace gatepost::tools {

namespace {

MailEngine* running = nullptr;  // for the signal handler

void stop_running(int) {
    if (running != nullptr) running->stop();
}

MessageMaker make_messages(const SmtpLoadOptions& options) {
    MessageMakerOptions about;
    about.run = options.run;
    if (about.run.empty()) about.run = fmt::format("{:08x}", std::random_device()());
    about.host = options.plan.dialogue.hello;
    about.size = options.engine.message_size;
    about.date_s = std::time(nullptr);
    return MessageMaker(std::move(about));
}

}  // namespace

Result<int> run_smtp_load(SmtpLoadOptions options) {
    std::optional<TlsClientContext> tls;
    if (options.uses_tls()) options.plan.tls = &tls.emplace();
    std::optional<MailLedger> ledger;
    if (!options.ledger.empty()) {
        auto opened = MailLedger::open(options.ledger);
        if (!opened) return tl::unexpected(std::move(opened).error());
        ledger = std::move(*opened);
    }
    for (Status done : {raise_descriptors(options.engine.sessions), pin_to_core(options.core)})
        if (!done) return tl::unexpected(std::move(done).error());
    const MessageMaker maker = make_messages(options);
    MonotonicClock clock;
    auto engine = std::make_unique<MailEngine>(options.engine, options.plan, options.recipients,
                                               maker, ledger ? &*ledger : nullptr, clock);
    if (!options.quiet)
        engine->watch = [](const MailInterval& interval) {
            std::fputs(mail_interval_line(interval).c_str(), stderr);
        };
    // A server that is gone is told by an error.
    ::signal(SIGPIPE, SIG_IGN);
    running = engine.get();
    catch_stop_signals(stop_running);
    const CpuSeconds before = cpu_seconds();
    auto statistics = engine->run();
    const CpuSeconds after = cpu_seconds();
    running = nullptr;
    if (!statistics) return tl::unexpected(std::move(statistics).error());
    const MailReport report{
        options, std::move(*statistics), {after.user - before.user, after.system - before.system}};
    if (options.json != "-") std::fputs(mail_report_table(report).c_str(), stdout);
    if (Status written = write_json(options.json, mail_report_json(report)); !written)
        return tl::unexpected(std::move(written).error());
    const MailCounts& counts = report.statistics.total;
    const bool failed = counts.accepted == 0 || counts.accepted < counts.begun;
    return failed || report.statistics.given_up ? 1 : 0;
}

}  // namespace gatepost::tools
