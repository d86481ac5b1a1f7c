// One response that has octets of the message in it.
//
// First everything is found out that tells what will be written: the items of the index as text,
// and where the octets of the sections lie. Then the sections follow one another, each read when it
// is its turn, in pieces; where all that is wanted lies close together it is read at once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/imap_fetch/body_source.h"
#include "dataplane/imap_fetch/fetch_writer.h"
#include "dataplane/imap_fetch/section_place.h"
#include "dataplane/mail/transfer_encoding.h"

namespace gatepost::dataplane {

class BodyFetch {
  public:
    // All outlive it.
    BodyFetch(const FetchPlan& plan, FetchedMessage& message, MessageStore& store,
              const Charsets& charsets, CompressibleStream& stream);

    Task<FetchResult> run();

  private:
    // A section to be written, behind layout_ up to `text_end`.
    struct Step {
        const FetchItem* item = nullptr;
        size_t text_end = 0;
        SectionPlace place;
    };

    Task<bool> prepare();
    bool lay_out();
    bool lay_out_section(const FetchItem& item, SummaryReader& summary);
    Task<bool> parse_message();
    Task<bool> hold_what_is_wanted();

    Task<bool> write_step(const Step& step);
    Task<bool> write_octets(const Step& step);
    Task<bool> write_fields(const Step& step);
    Task<bool> write_decoded(const Step& step);
    Task<bool> decode(const Step& step, const Extent* wanted);

    void take_text(size_t end);
    void begin_literal(const Step& step, uint64_t octets);
    bool append(std::string_view octets);
    // What is pending, then octets of the message.
    bool append_section(std::string_view octets, bool is_binary);
    Task<bool> send();
    bool cannot_read();

    const FetchPlan& plan_;
    FetchedMessage& message_;
    const Charsets& charsets_;
    CompressibleStream& stream_;
    BodySource source_;
    FetchResult result_;
    std::string layout_;  // the response without the sections
    std::vector<Step> steps_;
    size_t taken_ = 0;        // octets of layout_ that have gone to pending_
    std::string pending_;     // text that the next octets follow
    bool has_begun_ = false;  // something has been written
    std::string decoded_;     // the last piece
    uint64_t decoded_octets_ = 0;
};

}  // namespace gatepost::dataplane
