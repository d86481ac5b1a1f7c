// Proofs of non-existence from a signed zone's NSEC records (RFC 4035 §3.1.3).
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/dns/answer_writer.h"
#include "storage/zone_index/view.h"

namespace gatepost::dataplane {

// Collects NSEC records while an answer is looked up, each once, for the authority section. A zone
// without them proves nothing, which is no error.
class Denial {
  public:
    explicit Denial(const storage::ZoneView& view) : view_(view) {}

    // The record that matches or covers `name` in the node's zone, whose own name stands at
    // `apex_at`.
    void add(const storage::Node& node, storage::DnameView name, uint16_t apex_at);
    // That of the wildcard below the closest encloser.
    void add_wildcard(const storage::Node& encloser, uint16_t apex_at);
    // Writes what was collected, with signatures. Gives false where it does not fit.
    bool write(AnswerWriter& writer);

  private:
    // A chain's steps through wildcards want one each, its end up to two. More are not to be had in
    // a reply.
    static constexpr size_t kProofsMax = 8;

    struct Proof {
        const storage::Node* node;
        uint16_t apex_at;
    };

    const storage::ZoneView& view_;
    Proof proofs_[kProofsMax];
    size_t count_ = 0;
};

}  // namespace gatepost::dataplane
