// Turns the fields of one header after the other into what the summary has of them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/mail/header_field.h"
#include "dataplane/mail/message_summary.h"

namespace gatepost::dataplane {

class HeaderCollector {
  public:
    HeaderCollector(MessageSummary& summary, const Charsets& charsets)
        : summary_(summary), charsets_(charsets) {}

    // The header of that part begins. That of a message gets an envelope; `default_is_message`: the
    // part is one of a multipart/digest.
    void begin(uint32_t part, bool is_message, bool default_is_message);
    void add(const HeaderField& field);
    // The header is complete: sets what was not given, and what follows from all fields together.
    void end();

  private:
    bool add_to_part(size_t known, const HeaderField& field);
    void add_to_envelope(size_t known, const HeaderField& field);
    void set_type(std::string_view value);
    void set_disposition(std::string_view value);
    void set_languages(std::string_view value);
    void set_addresses(std::string_view value, std::vector<EnvelopeAddress>& addresses);
    void note_attachment();

    MessagePart& part() { return summary_.parts[part_]; }

    MessageSummary& summary_;
    const Charsets& charsets_;
    uint32_t part_ = 0;
    bool default_is_message_ = false;
    uint32_t seen_ = 0;             // a bit for each known field: the first of two counts
    size_t address_count_ = 0;      // of all envelopes
    size_t attachment_octets_ = 0;  // of all names
};

}  // namespace gatepost::dataplane
