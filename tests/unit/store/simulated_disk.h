// A disk, and the machine around it, that forgets at a crash what was not made durable: sectors of
// writes under way and of writes not synced are there or not, each by itself; names are there up to
// some moment after the last sync of the folder. What it does follows from one seed.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "dataplane/store/store_file.h"
#include "storage/message_log/segment_source.h"

namespace gatepost::dataplane {

class SimulatedDisk final : public StoreDirectory, public storage::SegmentSource {
  public:
    static constexpr size_t kSector = 512;  // octets that are written whole or not at all

    struct Inode {
        std::vector<uint8_t> current;
        std::vector<uint8_t> durable;
        std::set<uint64_t> unsynced;  // sectors
    };
    // Something that was asked for and has not happened yet.
    struct Pending {
        std::function<int32_t()> complete;
        // What of it is durable if the machine ends first.
        std::function<void()> tear;
        std::coroutine_handle<> waiter;
        int32_t result = 0;
        bool is_abandoned = false;
    };

    explicit SimulatedDisk(uint64_t seed) : random_(seed) {}

    // Lets one of the things under way happen; false if there are none.
    bool step();
    // The machine ends: what is under way stays undone or half done. Nothing works until restart().
    void crash();
    void restart() { is_dead_ = false; }
    size_t steps() const { return steps_; }

    // Faults.
    bool lies_about_sync = false;
    uint64_t capacity = UINT64_MAX;  // octets of all files
    unsigned failing_writes = 0;     // so many of the next durable writes fail

    Task<OpenedFile> create_segment(std::string name) override;
    Task<OpenedFile> create_small(std::string name) override;
    Task<OpenedFile> open(std::string name) override;
    Task<int32_t> rename(std::string from, std::string to) override;
    Task<int32_t> sync() override;
    void unlink(std::string name) override;
    uint64_t free_octets() override;

    Result<std::vector<storage::SegmentFile>> list() override;
    Result<uint64_t> read(const storage::SegmentName& name, uint64_t offset,
                          std::span<uint8_t> room) override;
    Result<std::vector<uint8_t>> read_file(const std::string& name) override;

    // Of the disk as it is now, at once.
    void remove_now(const std::string& name);
    void truncate_now(const std::string& name, uint64_t size);
    std::vector<uint8_t>* octets_of(const std::string& name);
    size_t file_count() const { return names_.size(); }

    std::mt19937_64& random() { return random_; }

  private:
    friend class SimulatedFile;
    using Names = std::map<std::string, std::shared_ptr<Inode>>;
    using NameChange = std::function<void(Names&)>;

    Task<int32_t> ask(std::function<int32_t()> complete, std::function<void()> tear);
    void change_names(NameChange change);
    Task<OpenedFile> make(std::string name, bool may_be_there);
    uint64_t used_octets() const;
    bool coin() { return (random_() & 1) != 0; }
    // Some of the sectors of a write become durable.
    void tear_write(Inode& inode, const std::vector<uint8_t>& octets, uint64_t offset);
    static void apply(std::vector<uint8_t>& target, const std::vector<uint8_t>& octets,
                      uint64_t offset);

    std::mt19937_64 random_;
    Names names_;
    Names durable_names_;
    std::deque<NameChange> changes_;  // of names, not durable yet
    size_t synced_changes_ = 0;       // those before them
    std::vector<std::shared_ptr<Pending>> pending_;
    bool is_dead_ = false;
    size_t steps_ = 0;
};

}  // namespace gatepost::dataplane
