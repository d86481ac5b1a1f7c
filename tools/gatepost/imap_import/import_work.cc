#include "tools/gatepost/imap_import/import_work.h"

#include <algorithm>

namespace gatepost::tools {

namespace {

// Messages of a chunk: several threads share a large folder, and the order of its messages stays
// about as it was.
constexpr size_t kChunk = 64;

}  // namespace

void ImportWork::plan_survey() {
    const std::lock_guard lock(mutex_);
    for (FolderWork& folder : folders_) to_survey_.push_back(&folder);
    survey_.wanted = folders_.size();
}

void ImportWork::plan_copies() {
    const std::lock_guard lock(mutex_);
    for (FolderWork& folder : folders_) {
        std::vector<RemoteMessage>& missing = folder.missing;
        for (size_t begin = 0; begin < missing.size(); begin += kChunk) {
            const auto first = missing.begin() + static_cast<ptrdiff_t>(begin);
            const auto count = static_cast<ptrdiff_t>(std::min(kChunk, missing.size() - begin));
            to_copy_.push_back({&folder, std::vector<RemoteMessage>(first, first + count)});
        }
        totals_.wanted += missing.size();
        std::vector<RemoteMessage>().swap(missing);
    }
}

FolderWork* ImportWork::next_folder() {
    const std::lock_guard lock(mutex_);
    if (to_survey_.empty()) return nullptr;
    FolderWork* folder = to_survey_.front();
    to_survey_.pop_front();
    return folder;
}

std::optional<Chunk> ImportWork::next_chunk() {
    const std::lock_guard lock(mutex_);
    if (to_copy_.empty()) return std::nullopt;
    Chunk chunk = std::move(to_copy_.front());
    to_copy_.pop_front();
    return chunk;
}

void ImportWork::give_back(FolderWork* folder) {
    const std::lock_guard lock(mutex_);
    to_survey_.push_front(folder);
}

void ImportWork::give_back(Chunk chunk) {
    if (chunk.messages.empty()) return;
    const std::lock_guard lock(mutex_);
    to_copy_.push_front(std::move(chunk));
}

bool ImportWork::any_left() const {
    const std::lock_guard lock(mutex_);
    return !to_survey_.empty() || !to_copy_.empty();
}

void ImportWork::surveyed() {
    const std::lock_guard lock(mutex_);
    ++survey_.done;
}

ImportWork::Totals ImportWork::survey_totals() const {
    const std::lock_guard lock(mutex_);
    return survey_;
}

void ImportWork::imported(FolderWork& folder, uint64_t messages, uint64_t octets) {
    const std::lock_guard lock(mutex_);
    folder.count.imported += messages;
    folder.count.octets += octets;
    totals_.done += messages;
}

void ImportWork::found(FolderWork& folder, uint64_t messages) {
    const std::lock_guard lock(mutex_);
    folder.count.known += messages;
    totals_.done += messages;
}

void ImportWork::gone(FolderWork& folder) {
    const std::lock_guard lock(mutex_);
    ++folder.count.gone;
    ++totals_.done;
}

void ImportWork::failed(FolderWork& folder, uint64_t messages, std::string what) {
    const std::lock_guard lock(mutex_);
    folder.count.failed += messages;
    totals_.done += messages;
    lines_.push_back(std::move(what));
}

void ImportWork::say(std::string line) {
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::move(line));
}

std::vector<std::string> ImportWork::take_lines() {
    const std::lock_guard lock(mutex_);
    return std::exchange(lines_, {});
}

ImportWork::Totals ImportWork::totals() const {
    const std::lock_guard lock(mutex_);
    // A folder that failed as a whole was not counted before.
    return {std::min(totals_.done, totals_.wanted), totals_.wanted};
}

}  // namespace gatepost::tools
