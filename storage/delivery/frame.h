// Frames on a stream of octets between a dataplane worker and the control plane: a head of six
// octets (length of the payload in 32 bits, version, verb), then the payload. The stream is a pair
// of sockets of one host, so a frame needs no checksum.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "storage/base/bytes.h"
#include "storage/base/error.h"

namespace gatepost::storage {

enum class FrameVerb : uint8_t {
    deliver = 1,      // worker → control plane: DeliveryRequest
    delivered = 2,    // control plane → worker: DeliveryReply, one for each request
    login = 3,        // worker → control plane: LoginNote; nothing comes back
    auth_failed = 4,  // worker → control plane: AuthFailure; nothing comes back
    // storage/mailbox_frames
    mailbox_request = 5,  // worker → control plane: MailboxRequest
    mailbox_reply = 6,    // control plane → worker: MailboxReply, one for each request
    mailbox_event = 7,    // control plane → worker: MailboxEvent; nobody asked for it
    mailbox_note = 8,     // worker → control plane: MailboxNote; nothing comes back
    // compaction_frames.h
    copy_bodies = 9,     // control plane → worker 0: CopyBodies
    bodies_copied = 10,  // worker 0 → control plane: BodiesCopied, one for each request
    drop_segments = 11,  // control plane → each worker: DropSegments; nothing comes back
};

inline constexpr uint8_t kFrameVersion = 1;
inline constexpr size_t kFrameHead = 6;  // octets
// Octets. The largest envelope and summary fit, so that no message is too long to be delivered.
inline constexpr size_t kFramePayloadMax = size_t{5} << 20;

struct Frame {
    FrameVerb verb = FrameVerb::deliver;
    Bytes payload;  // of the reader: valid until it is given room again
};

// Puts a frame together in place: begin, append the payload to `out`, end.
size_t begin_frame(std::vector<uint8_t>& out, FrameVerb verb);  // gives where it begins
// Refuses (invalid), and takes off again, what is longer than kFramePayloadMax.
Status end_frame(std::vector<uint8_t>& out, size_t begin);

// Cuts a stream into frames.
class FrameReader {
  public:
    // Where the next octets go, once next() has given nothing more: never empty. Invalidates
    // frames.
    std::span<uint8_t> room();
    // So many octets were put at the beginning of room().
    void filled(size_t octets) { end_ += octets; }
    // The next frame; nullopt: more octets are needed. An error (invalid) is final: what follows
    // cannot be understood.
    Result<std::optional<Frame>> next();
    // Octets that are there and have not been given.
    size_t left() const { return end_ - begin_; }

  private:
    std::vector<uint8_t> buffer_;
    size_t begin_ = 0;
    size_t end_ = 0;
    size_t wanted_ = 0;  // octets of the frame that is not whole yet
};

}  // namespace gatepost::storage
