// What a compressed peer sends, made into what it meant: raw deflate (RFC 1951), a piece at a time.
//
// While the peer is silent nothing is kept but what it may refer back to.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "storage/base/bytes.h"

struct z_stream_s;

namespace gatepost::dataplane {

class Inflater {
  public:
    enum class Status : uint8_t {
        ok,
        ended,      // the last block: what follows is not of this stream
        broken,     // this is no deflate
        no_memory,  // the system gives none
    };
    struct Step {
        Status status = Status::ok;
        size_t used = 0;  // octets of the input
        size_t made = 0;  // octets in the room
    };

    Inflater();
    ~Inflater();

    // Goes on with `input`, as far as there is room. Stops where a block ends, as what stands
    // behind it may be something else (RFC 8437 §4.1). How it has ended is told once everything
    // that was sound has been made.
    Step inflate(Bytes input, std::span<uint8_t> room);
    // There is something to be made, or an end to be told, without further input.
    bool has_more() const { return has_more_ || end_ != Status::ok; }
    bool has_ended() const { return end_ == Status::ended; }
    // A block has ended, and with it an octet: it is here that a peer stops which waits for an
    // answer (Z_SYNC_FLUSH).
    bool is_between_blocks() const { return between_blocks_; }
    // Gives back what can be done without until the peer goes on. False: nothing.
    bool rest();
    // Octets kept for what is to come; about 40 KiB more while it is not resting.
    size_t history_octets() const { return history_.size(); }
    bool is_resting() const { return state_ == nullptr; }

  private:
    struct End {
        void operator()(z_stream_s* state) const;
    };
    bool wake();

    std::unique_ptr<z_stream_s, End> state_;  // none: resting
    std::vector<uint8_t> history_;            // while resting
    Status end_ = Status::ok;
    bool between_blocks_ = true;
    bool has_more_ = false;
};

}  // namespace gatepost::dataplane
