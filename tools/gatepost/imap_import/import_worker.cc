#include "tools/gatepost/imap_import/import_worker.h"

#include <poll.h>

#include <chrono>

#include "tools/gatepost/imap_import/folder_survey.h"

namespace gatepost::tools {

namespace {

using namespace std::chrono_literals;

// Connections that are made again without anything having been done on them: half a minute in all,
// which is what a server needs to start again.
constexpr unsigned kRetriesMax = 6;
constexpr auto kFirstRetry = 500ms;  // twice as long each time
constexpr auto kLook = 100ms;
// Connections that break at the same message: then it is to blame.
constexpr unsigned kStuckMax = 3;

bool is_refusal(const Error& error) {
    return error.code == ErrorCode::refused || error.code == ErrorCode::permission;
}

}  // namespace

Status ImportWorker::connect() {
    if (!servers_.source) {
        auto source = connect_end(ends_.source, ends_);
        if (!source) return tl::unexpected(std::move(source).error());
        servers_.source = std::move(*source);
    }
    if (!servers_.own && !options_.dry_run) {
        auto own = connect_end(ends_.own, ends_);
        if (!own) return wrap("Gatepost", std::move(own).error());
        servers_.own = std::move(*own);
    }
    return {};
}

Status ImportWorker::run(ImportPhase phase) {
    unsigned failures = 0;
    while (!ends_.stop.stopped() && work_.any_left()) {
        progressed_ = false;
        Status connected = connect();
        const bool was_connected = connected.has_value();
        Error error;
        if (was_connected) {
            auto step = this->step(phase);
            if (step && *step == Step::nothing_left) return {};
            if (step) {
                failures = 0;
                continue;
            }
            error = std::move(step).error();
        } else {
            error = std::move(connected).error();
        }
        copier_.reset();
        servers_.reset();
        if (ends_.stop.stopped()) return {};
        if (state_.is_broken()) return tl::unexpected(std::move(error));
        if (progressed_) failures = 0;
        // Where the password was right before, another try is no better.
        const bool hopeless = !was_connected && error.code != ErrorCode::unreachable;
        if (++failures > kRetriesMax || hopeless) return tl::unexpected(std::move(error));
        if (!wait_before_retry(failures)) return {};
    }
    return {};
}

bool ImportWorker::wait_before_retry(unsigned failures) const {
    auto left = kFirstRetry * (1U << (failures - 1));
    // What is left may be done by the others meanwhile.
    for (; left > 0ms && work_.any_left() && !ends_.stop.stopped(); left -= kLook) {
        pollfd poll{ends_.stop.fd(), POLLIN, 0};
        ::poll(&poll, 1, static_cast<int>(kLook.count()));
    }
    return !ends_.stop.stopped();
}

Result<ImportWorker::Step> ImportWorker::step(ImportPhase phase) {
    return phase == ImportPhase::survey ? survey() : copy();
}

Result<ImportWorker::Step> ImportWorker::survey() {
    FolderWork* folder = work_.next_folder();
    if (folder == nullptr) return Step::nothing_left;
    FolderSurvey survey(servers_, state_, flags_, options_.dry_run);
    Status done = survey.look(*folder);
    if (done) {
        work_.surveyed();
        return Step::done;
    }
    if (is_refusal(done.error()) && !state_.is_broken() && !ends_.stop.stopped()) {
        work_.surveyed();
        work_.failed(*folder, 1,
                     fmt::format("{}: {}", folder->folder.source.name(), done.error().message));
        return Step::done;
    }
    work_.give_back(folder);
    return tl::unexpected(std::move(done).error());
}

Result<ImportWorker::Step> ImportWorker::copy() {
    auto chunk = work_.next_chunk();
    if (!chunk) return Step::nothing_left;
    if (!copier_) copier_.emplace(servers_, state_, work_, flags_, options_.size_max);
    const size_t before = chunk->messages.size();
    Status done = copier_->copy(*chunk);
    if (done) return Step::done;
    progressed_ = chunk->messages.size() < before;
    keep_trying(std::move(*chunk), done.error());
    return tl::unexpected(std::move(done).error());
}

void ImportWorker::keep_trying(Chunk chunk, const Error& error) {
    chunk.again = true;
    const uint32_t uid = copier_->under_way();
    stuck_times_ = uid != 0 && uid == stuck_uid_ ? stuck_times_ + 1 : 1;
    stuck_uid_ = uid;
    const auto is_it = [&](const RemoteMessage& message) { return message.uid == uid; };
    if (uid != 0 && stuck_times_ >= kStuckMax && std::erase_if(chunk.messages, is_it) > 0)
        work_.failed(
            *chunk.folder, 1,
            fmt::format("{} UID {}: {} connections ended while it was copied: {}",
                        chunk.folder->folder.source.name(), uid, kStuckMax, error.message));
    work_.give_back(std::move(chunk));
}

}  // namespace gatepost::tools
