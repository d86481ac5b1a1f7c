#include "tools/gatepost/imap_import/imap_import.h"

#include <algorithm>
#include <condition_variable>
#include <optional>
#include <thread>

#include "tools/gatepost/imap_import/mailbox_appender.h"

namespace gatepost::tools {

namespace {

constexpr std::chrono::milliseconds kLook{100};  // between two looks at the progress

// What the threads of a phase leave.
struct PhaseEnd {
    std::mutex mutex;
    std::condition_variable ended;
    size_t running = 0;
    std::optional<Error> error;  // why one gave up, the last that did
};

}  // namespace

Status ImapImport::run(const std::vector<OwnMailbox>& own) {
    servers_.resize(options_.connections);
    ServerPair& first = servers_.front();
    auto source = connect_end(ends_.source, ends_);
    if (!source) return tl::unexpected(std::move(source).error());
    first.source = std::move(*source);
    if (!options_.dry_run) {
        auto gatepost = connect_end(ends_.own, ends_);
        if (!gatepost) return wrap("Gatepost", std::move(gatepost).error());
        first.own = std::move(*gatepost);
    }
    if (Status prepared = prepare_folders(own); !prepared) return prepared;
    work_.plan_survey();
    if (Status surveyed = run_phase(ImportPhase::survey); !surveyed || options_.dry_run)
        return surveyed;
    work_.plan_copies();
    return run_phase(ImportPhase::copies);
}

Status ImapImport::prepare_folders(const std::vector<OwnMailbox>& own) {
    auto folders = list_folders(*servers_.front().source);
    if (!folders) return tl::unexpected(std::move(folders).error());
    FolderMapping mapping = map_folders(*folders, own, options_.choice);
    for (const std::string& note : mapping.notes) listener_.note(note);
    for (const std::string& failure : mapping.failures) listener_.warning(failure);
    folders_failed_ = mapping.failures.size();
    if (mapping.folders.empty() && mapping.failures.empty())
        return fail(ErrorCode::refused, "the source has no folder that fits: it has {}",
                    folders->size());
    if (!options_.dry_run) {
        if (Status made = make_mailboxes(mapping.folders); !made) return made;
        if (Status subscribed = subscribe(mapping.folders); !subscribed) return subscribed;
    }
    for (MappedFolder& folder : mapping.folders)
        work_.folders().emplace_back().folder = std::move(folder);
    return {};
}

// RFC 9051 §6.3.4, RFC 6154 §3.
Status ImapImport::make_mailboxes(const std::vector<MappedFolder>& folders) {
    for (const MappedFolder& folder : folders) {
        if (!folder.create) continue;
        std::string command = "CREATE " + mailbox_argument_text(folder.mailbox);
        if (!folder.special_use.empty()) command += fmt::format(" (USE ({}))", folder.special_use);
        auto answer = servers_.front().own->say(CommandText(command));
        if (!answer) return tl::unexpected(std::move(answer).error());
        // Somebody else may have made it meanwhile.
        if (!answer->is_ok() && answer->code_name() != "ALREADYEXISTS")
            return fail(ErrorCode::refused, "the mailbox {} cannot be made: {}", folder.mailbox,
                        answer->text);
    }
    return {};
}

// What has changed at the source since the last run; at first, what is subscribed there, and for
// mailboxes that are new what is not. Where nothing is subscribed, nobody uses subscriptions.
Status ImapImport::subscribe(const std::vector<MappedFolder>& folders) {
    const bool used = std::ranges::any_of(
        folders, [](const MappedFolder& folder) { return folder.source.subscribed; });
    for (const MappedFolder& folder : folders) {
        const bool wanted = folder.source.subscribed;
        const auto before = state_.subscription(folder.source.wire_name);
        const bool changed = before ? *before != wanted : wanted || (used && folder.create);
        if (changed) {
            const std::string command = fmt::format("{} {}", wanted ? "SUBSCRIBE" : "UNSUBSCRIBE",
                                                    mailbox_argument_text(folder.mailbox));
            if (Status done = servers_.front().own->expect(CommandText(command)); !done)
                return done;
        }
        if (!before || changed) state_.note_subscription(folder.source.wire_name, wanted);
    }
    return state_.flush();
}

void ImapImport::tell(ImportPhase phase) {
    const std::vector<std::string> lines = work_.take_lines();
    for (const std::string& line : lines) listener_.warning(line);
    const ImportWork::Totals totals =
        phase == ImportPhase::survey ? work_.survey_totals() : work_.totals();
    if (totals.wanted > 0) listener_.progress(phase, totals.done, totals.wanted);
}

Status ImapImport::run_phase(ImportPhase phase) {
    PhaseEnd end;
    end.running = servers_.size();
    std::vector<std::jthread> threads;
    for (ServerPair& servers : servers_)
        threads.emplace_back([&] {
            ImportWorker worker(ends_, options_, state_, flags_, work_, servers);
            Status done = worker.run(phase);
            const std::lock_guard lock(end.mutex);
            if (!done) end.error = std::move(done).error();
            --end.running;
            end.ended.notify_one();
        });
    for (bool over = false; !over;) {
        {
            std::unique_lock lock(end.mutex);
            over = end.ended.wait_for(lock, kLook, [&] { return end.running == 0; });
        }
        tell(phase);
    }
    threads.clear();
    if (ends_.stop.stopped()) return {};
    if (work_.any_left() || state_.is_broken())
        return tl::unexpected(
            end.error.value_or(Error{ErrorCode::unreachable, "a connection was lost at the end"}));
    if (end.error)
        listener_.note(fmt::format("fewer connections than {} were used: {}", options_.connections,
                                   end.error->message));
    return {};
}

}  // namespace gatepost::tools
