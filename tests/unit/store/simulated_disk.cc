#include "simulated_disk.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace gatepost::dataplane {

namespace {

using Pending = SimulatedDisk::Pending;

struct Wait {
    explicit Wait(std::shared_ptr<Pending> what) : pending(std::move(what)) {}
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;
    ~Wait() { pending->is_abandoned = true; }
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> waiter) { pending->waiter = waiter; }
    int32_t await_resume() const { return pending->result; }

    std::shared_ptr<Pending> pending;
};

}  // namespace

class SimulatedFile final : public StoreFile {
  public:
    SimulatedFile(SimulatedDisk& disk, std::shared_ptr<SimulatedDisk::Inode> inode)
        : disk_(disk), inode_(std::move(inode)) {}

    Task<int32_t> write(SharedBuffer memory, size_t size, uint64_t offset,
                        Durability durability) override {
        std::vector<uint8_t> octets(memory->data(), memory->data() + size);
        auto complete = [&disk = disk_, inode = inode_, octets, offset, durability] {
            return finish_write(disk, *inode, octets, offset, durability);
        };
        auto tear = [&disk = disk_, inode = inode_, octets, offset] {
            disk.tear_write(*inode, octets, offset);
        };
        int32_t result = co_await disk_.ask(std::move(complete), std::move(tear));
        co_return result;
    }
    Task<int32_t> read(SharedBuffer memory, size_t size, uint64_t offset) override {
        auto complete = [inode = inode_, memory, size, offset] {
            const auto& from = inode->current;
            if (offset >= from.size()) return 0;
            const size_t count = std::min<size_t>(size, from.size() - offset);
            std::memcpy(memory->data(), from.data() + offset, count);
            return static_cast<int32_t>(count);
        };
        int32_t result = co_await disk_.ask(std::move(complete), {});
        co_return result;
    }
    Task<int32_t> allocate(uint64_t size) override {
        auto complete = [&disk = disk_, inode = inode_, size] {
            const uint64_t more = size > inode->current.size() ? size - inode->current.size() : 0;
            if (disk.used_octets() + more > disk.capacity) return -ENOSPC;
            if (more > 0) inode->current.resize(size);
            return 0;
        };
        int32_t result = co_await disk_.ask(std::move(complete), {});
        co_return result;
    }
    Task<int32_t> sync() override {
        auto complete = [&disk = disk_, inode = inode_] {
            if (disk.lies_about_sync) return 0;
            inode->durable = inode->current;
            inode->unsynced.clear();
            return 0;
        };
        int32_t result = co_await disk_.ask(std::move(complete), {});
        co_return result;
    }

  private:
    static int32_t finish_write(SimulatedDisk& disk, SimulatedDisk::Inode& inode,
                                const std::vector<uint8_t>& octets, uint64_t offset,
                                Durability durability) {
        const uint64_t end = offset + octets.size();
        const uint64_t more = end > inode.current.size() ? end - inode.current.size() : 0;
        if (disk.used_octets() + more > disk.capacity) return -ENOSPC;
        if (durability == Durability::now && disk.failing_writes > 0) {
            --disk.failing_writes;
            disk.tear_write(inode, octets, offset);
            return -EIO;
        }
        SimulatedDisk::apply(inode.current, octets, offset);
        if (durability == Durability::now && !disk.lies_about_sync) {
            SimulatedDisk::apply(inode.durable, octets, offset);
        } else {
            for (uint64_t at = offset / SimulatedDisk::kSector * SimulatedDisk::kSector; at < end;
                 at += SimulatedDisk::kSector)
                inode.unsynced.insert(at);
        }
        return static_cast<int32_t>(octets.size());
    }

    SimulatedDisk& disk_;
    std::shared_ptr<SimulatedDisk::Inode> inode_;
};

void SimulatedDisk::apply(std::vector<uint8_t>& target, const std::vector<uint8_t>& octets,
                          uint64_t offset) {
    if (target.size() < offset + octets.size()) target.resize(offset + octets.size());
    std::ranges::copy(octets, target.begin() + static_cast<ptrdiff_t>(offset));
}

void SimulatedDisk::tear_write(Inode& inode, const std::vector<uint8_t>& octets, uint64_t offset) {
    // None, some, or all.
    const unsigned kind = random_() % 4;
    for (size_t at = 0; at < octets.size(); at += kSector) {
        if (kind == 0 || (kind < 3 && coin())) continue;
        const size_t size = std::min(kSector, octets.size() - at);
        const std::vector<uint8_t> sector(octets.begin() + static_cast<ptrdiff_t>(at),
                                          octets.begin() + static_cast<ptrdiff_t>(at + size));
        apply(inode.durable, sector, offset + at);
        apply(inode.current, sector, offset + at);
    }
}

Task<int32_t> SimulatedDisk::ask(std::function<int32_t()> complete, std::function<void()> tear) {
    auto pending = std::make_shared<Pending>();
    pending->complete = std::move(complete);
    pending->tear = std::move(tear);
    pending_.push_back(pending);
    Wait wait(pending);
    int32_t result = co_await wait;
    co_return result;
}

bool SimulatedDisk::step() {
    if (pending_.empty()) return false;
    ++steps_;
    const size_t chosen = random_() % pending_.size();
    const std::shared_ptr<Pending> pending = pending_[chosen];
    pending_.erase(pending_.begin() + static_cast<ptrdiff_t>(chosen));
    pending->result = pending->complete();
    if (!pending->is_abandoned && pending->waiter) pending->waiter.resume();
    return true;
}

void SimulatedDisk::crash() {
    for (const auto& pending : pending_)
        if (pending->tear) pending->tear();
    pending_.clear();
    // Names, in the order of their journal.
    const size_t kept = changes_.empty() || coin() ? 0 : random_() % (changes_.size() + 1);
    for (size_t i = 0; i < kept; ++i) changes_[i](durable_names_);
    synced_changes_ += changes_.size();
    changes_.clear();
    names_ = durable_names_;
    for (auto& [name, inode] : names_) {
        const bool is_size_kept = coin();
        for (const uint64_t at : inode->unsynced) {
            if (coin()) continue;
            const size_t end = std::min<size_t>(at + kSector, inode->current.size());
            if (at >= end) continue;
            if (end > inode->durable.size() && !is_size_kept) continue;
            apply(inode->durable,
                  {inode->current.begin() + static_cast<ptrdiff_t>(at),
                   inode->current.begin() + static_cast<ptrdiff_t>(end)},
                  at);
        }
        if (is_size_kept && inode->durable.size() < inode->current.size())
            inode->durable.resize(inode->current.size());
        inode->unsynced.clear();
        inode->current = inode->durable;
    }
    is_dead_ = true;
}

void SimulatedDisk::change_names(NameChange change) {
    change(names_);
    changes_.push_back(std::move(change));
}

Task<OpenedFile> SimulatedDisk::make(std::string name, bool may_be_there) {
    auto inode = std::make_shared<Inode>();
    auto complete = [this, name, may_be_there, inode] {
        if (!may_be_there && names_.contains(name)) return -EEXIST;
        change_names([name, inode](Names& names) { names[name] = inode; });
        return 0;
    };
    int32_t made = co_await ask(std::move(complete), {});
    OpenedFile opened;
    opened.error = made;
    if (made == 0) opened.file = std::make_unique<SimulatedFile>(*this, inode);
    co_return opened;
}

Task<OpenedFile> SimulatedDisk::create_segment(std::string name) {
    return make(std::move(name), false);
}
Task<OpenedFile> SimulatedDisk::create_small(std::string name) {
    return make(std::move(name), true);
}

Task<OpenedFile> SimulatedDisk::open(std::string name) {
    auto inode = std::make_shared<std::shared_ptr<Inode>>();
    auto complete = [this, name, inode] {
        const auto found = names_.find(name);
        if (found == names_.end()) return -ENOENT;
        *inode = found->second;
        return 0;
    };
    OpenedFile opened;
    opened.error = co_await ask(std::move(complete), {});
    if (*inode) opened.file = std::make_unique<SimulatedFile>(*this, *inode);
    co_return opened;
}

Task<int32_t> SimulatedDisk::rename(std::string from, std::string to) {
    auto complete = [this, from, to] {
        if (!names_.contains(from)) return -ENOENT;
        change_names([from, to](Names& names) {
            names[to] = names.at(from);
            names.erase(from);
        });
        return 0;
    };
    return ask(std::move(complete), {});
}

Task<int32_t> SimulatedDisk::sync() {
    const size_t end = synced_changes_ + changes_.size();
    auto complete = [this, end] {
        if (lies_about_sync) return 0;
        // Another sync may have done it, or a part of it.
        for (; synced_changes_ < end; ++synced_changes_) {
            changes_.front()(durable_names_);
            changes_.pop_front();
        }
        return 0;
    };
    return ask(std::move(complete), {});
}

void SimulatedDisk::unlink(std::string name) {
    if (is_dead_) return;
    auto pending = std::make_shared<Pending>();
    pending->complete = [this, name] {
        if (!names_.contains(name)) return -ENOENT;
        change_names([name](Names& names) { names.erase(name); });
        return 0;
    };
    pending_.push_back(std::move(pending));
}

uint64_t SimulatedDisk::used_octets() const {
    uint64_t used = 0;
    for (const auto& [name, inode] : names_) used += inode->current.size();
    return used;
}

uint64_t SimulatedDisk::free_octets() {
    return capacity - std::min(capacity, used_octets());
}

Result<std::vector<storage::SegmentFile>> SimulatedDisk::list() {
    std::vector<storage::SegmentFile> files;
    for (const auto& [name, inode] : names_)
        if (const auto parsed = storage::parse_segment_file_name(name))
            files.push_back({*parsed, inode->current.size()});
    std::ranges::sort(files, {}, [](const auto& file) { return file.name.number; });
    return files;
}

Result<uint64_t> SimulatedDisk::read(const storage::SegmentName& name, uint64_t offset,
                                     std::span<uint8_t> room) {
    const auto* octets = octets_of(storage::segment_file_name(name.number, name.kind));
    if (octets == nullptr) return fail(ErrorCode::refused, "no such segment");
    const size_t there =
        offset < octets->size() ? std::min<size_t>(room.size(), octets->size() - offset) : 0;
    if (there > 0) std::memcpy(room.data(), octets->data() + offset, there);
    std::ranges::fill(room.subspan(there), kUnreadable);
    return room.size() - there;
}

Result<std::vector<uint8_t>> SimulatedDisk::read_file(const std::string& name) {
    const auto* octets = octets_of(name);
    return octets == nullptr ? std::vector<uint8_t>{} : *octets;
}

void SimulatedDisk::remove_now(const std::string& name) {
    names_.erase(name);
    durable_names_.erase(name);
}

void SimulatedDisk::truncate_now(const std::string& name, uint64_t size) {
    names_.at(name)->current.resize(size);
    names_.at(name)->durable.resize(size);
}

std::vector<uint8_t>* SimulatedDisk::octets_of(const std::string& name) {
    const auto found = names_.find(name);
    return found == names_.end() ? nullptr : &found->second->current;
}

}  // namespace gatepost::dataplane
