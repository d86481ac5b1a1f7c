// Who has tried to hand over a message before (RFC 6647): by the client's network, the sender and
// the recipient. A server tries again after a while, most of those who spread spam do not.
//
// The table is a file in the folder of the message log, mapped into memory: it is shared by all
// workers and outlives the process without anything being written or read back, and a crash of the
// machine costs what the kernel had not written yet. Each slot is one atomic word. It knows hashes
// under a key of its own, no addresses.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "dataplane/policy/source_key.h"
#include "storage/base/error.h"

namespace gatepost::dataplane {

struct GreylistTimes {
    int64_t delay_s = 60;          // before another attempt counts
    int64_t window_s = 14'400;     // after the first attempt; later ones are a first again
    int64_t keep_days = 36;        // since it passed last
    int64_t auto_allow_after = 5;  // passes after which a network is not asked; 0: never
};

class Greylist {
  public:
    // In the file "greylist" of the folder, which is made, or made anew where it is none of this
    // version. Refused: it cannot be opened, has no room on the disk, or cannot be mapped.
    static Result<std::unique_ptr<Greylist>> open(int folder, size_t slots = kSlots);
    // In memory only. Refused: no randomness for the key of its hash.
    static Result<std::unique_ptr<Greylist>> create(size_t slots = kSlots);
    ~Greylist();
    Greylist(const Greylist&) = delete;
    Greylist& operator=(const Greylist&) = delete;

    // True: it may pass. `now_s`: seconds since 1970.
    bool check(const PeerAddress& client, std::string_view sender, std::string_view recipient,
               const GreylistTimes& times, int64_t now_s);

    static constexpr size_t kSlots = 131'072;  // a power of two; 8 octets each: 1 MiB

  private:
    struct Header;
    struct Slot;

    Greylist(void* mapped, size_t slots);
    static Result<std::unique_ptr<Greylist>> map(int fd, size_t slots, bool fresh);
    // Where the hash is, or could be put; `word`: what is there, and whether it is its own.
    std::atomic<uint64_t>& place_of(uint64_t hash, uint64_t& word, bool& own, uint32_t now_s,
                                    uint32_t keep_s) const;
    bool is_known_network(uint64_t hash, const GreylistTimes& times, uint32_t now_s);
    void note_pass(uint64_t hash, const GreylistTimes& times, uint32_t now_s);

    void* mapped_;
    Header* header_;
    std::atomic<uint64_t>* slots_;
    size_t count_;
    SourceSecret secret_;
};

}  // namespace gatepost::dataplane
