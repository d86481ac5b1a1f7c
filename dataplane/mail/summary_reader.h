// A summary as encode_summary() wrote it, read where it lies: for answers that take a few of its
// members, at the rate of a mailbox. decode_summary() is for whoever wants all of it.
//
// What is read is checked; what is passed over is checked as far as that takes. After ok() has
// become false the rest means nothing: the message has to be read anew.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "dataplane/mail/address_list.h"
#include "dataplane/mail/message_summary.h"
#include "dataplane/mail/summary_cursor.h"
#include "storage/base/bytes.h"

namespace gatepost::dataplane {

// Lists point into the summary; next() is to be called `count` times at most.
struct EncodedAddress {
    AddressKind kind = AddressKind::mailbox;
    std::string_view name;
    std::string_view adl;
    std::string_view mailbox;
    std::string_view host;
};
struct EncodedAddresses {
    uint32_t count = 0;
    SummaryCursor at;

    EncodedAddress next();
};

struct EncodedParameter {
    std::string_view name;
    std::string_view value;
};
struct EncodedParameters {
    uint32_t count = 0;
    SummaryCursor at;

    EncodedParameter next();
};

struct EncodedTexts {
    uint32_t count = 0;
    SummaryCursor at;

    std::string_view next() { return at.text(); }
};

// The members of Envelope and MessagePart.
struct EncodedEnvelope {
    std::optional<std::string_view> date;
    std::optional<std::string_view> subject;
    EncodedAddresses from;
    EncodedAddresses sender;
    EncodedAddresses reply_to;
    EncodedAddresses to;
    EncodedAddresses cc;
    EncodedAddresses bcc;
    std::optional<std::string_view> in_reply_to;
    std::optional<std::string_view> message_id;
};

struct EncodedPart {
    uint32_t parent = kNone;
    uint32_t envelope = kNone;
    std::string_view type;
    std::string_view subtype;
    EncodedParameters parameters;
    std::string_view encoding;
    std::optional<std::string_view> id;
    std::optional<std::string_view> description;
    std::optional<std::string_view> md5;
    std::string_view disposition;
    EncodedParameters disposition_parameters;
    EncodedTexts languages;
    std::optional<std::string_view> location;
    uint64_t header_offset = 0;
    uint64_t header_size = 0;
    uint64_t body_size = 0;
    uint64_t header_lines = 0;
    uint64_t body_lines = 0;

    uint64_t body_offset() const { return header_offset + header_size; }
    bool is_multipart() const { return type == "multipart"; }
    bool is_message() const {
        return type == "message" && (subtype == "rfc822" || subtype == "global");
    }
};

// The parts in their order. A copy stands where the original stood, and goes on by itself.
class PartCursor {
  public:
    PartCursor() = default;
    PartCursor(SummaryCursor at, uint32_t count) : at_(at), count_(count) {}

    bool ok() const { return at_.ok(); }
    uint32_t index() const { return index_; }  // of the part that next() gives
    uint32_t count() const { return count_; }  // of all parts
    bool at_end() const { return index_ == count_ || !at_.ok(); }
    EncodedPart next();
    SummaryCursor position() const { return at_; }

  private:
    SummaryCursor at_;
    uint32_t index_ = 0;
    uint32_t count_ = 0;
};

class SummaryReader {
  public:
    // `encoded` outlives the reader. Another version: ok() is false from the beginning.
    explicit SummaryReader(Bytes encoded);

    bool ok() const { return ok_; }

    PartCursor parts() const { return parts_; }
    // Number `index`. Quick where they are asked for in ascending order.
    EncodedEnvelope envelope(uint32_t index);
    // As find_part() has it. nullopt: there is no such part, or ok() has become false.
    std::optional<EncodedPart> find(std::span<const uint32_t> numbers);
    // The child of a message/rfc822 that find() gave.
    std::optional<EncodedPart> message_in(std::span<const uint32_t> numbers);
    std::string_view preview();

  private:
    std::optional<PartCursor> locate(std::span<const uint32_t> numbers);
    bool start_envelopes();
    void fail() { ok_ = false; }

    bool ok_ = false;
    PartCursor parts_;
    SummaryCursor envelopes_;      // behind their count
    uint32_t envelope_count_ = 0;  // 0: they have not been looked for
    SummaryCursor next_envelope_;
    uint32_t next_envelope_index_ = 0;
};

}  // namespace gatepost::dataplane
