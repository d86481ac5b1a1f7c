// The header section of a message as it comes in, octet by octet if need be. What it lets pass is
// the section as it was, but for:
//  - fields that say what only this system may say to its readers get the prefix X-Old-: results of
//    authentication under our own name (RFC 8601 §5), and our filter's verdict;
//  - where the section breaks off with what is no field, the empty line that ends it (RFC 5322
//    §2.1) is put in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/smtp/line_end_check.h"
#include "storage/base/bytes.h"

namespace gatepost::dataplane {

// The field with the verdict of our filter.
inline constexpr std::string_view kFilterField = "X-Gatepost-Filter";

class HeaderFilter {
  public:
    // `results_id`: our name in Authentication-Results; stays valid.
    explicit HeaderFilter(std::string_view results_id) : results_id_(results_id) {}

    // Takes from the front of the message's next octets what belongs to the header section; what
    // is to be kept of it goes behind `out`. Gives how many octets that were: fewer than all means
    // that the section has ended, and the others are the body.
    size_t take(Bytes octets, std::vector<uint8_t>& out);
    // The message ends here.
    void finish(std::vector<uint8_t>& out);

    bool has_ended() const { return state_ == State::ended; }
    uint32_t received_fields() const { return received_; }  // RFC 5321 §6.3
    bool has_date() const { return has_date_; }
    bool has_message_id() const { return has_message_id_; }
    bool has_nul() const { return has_nul_; }
    bool found_bare() const { return line_ends_.found_bare(); }

  private:
    enum class State : uint8_t {
        line_start,  // behind a line's end, or at the very beginning
        name,        // of a field
        empty_line,  // behind its CR
        value,
        results,  // whose these are is not known yet
        results_line_start,
        ended,
    };

    size_t step(Bytes octets, std::vector<uint8_t>& out);
    State take_line_start(uint8_t octet, std::vector<uint8_t>& out);
    State take_name(uint8_t octet, std::vector<uint8_t>& out);
    State take_results(uint8_t octet, std::vector<uint8_t>& out);
    State classify(std::vector<uint8_t>& out);
    State break_off(std::vector<uint8_t>& out);
    void decide_results(std::vector<uint8_t>& out);
    void release(std::vector<uint8_t>& out);

    std::string_view results_id_;
    State state_ = State::line_start;
    std::string held_;     // of the field under way, not let pass yet
    size_t value_at_ = 0;  // of the results in held_
    uint32_t fields_ = 0;
    uint32_t received_ = 0;
    bool has_date_ = false;
    bool has_message_id_ = false;
    bool has_nul_ = false;
    LineEndCheck line_ends_;
};

// Whose results these are (RFC 8601 §2.2, authserv-id), from what stands behind the field's colon;
// "": that cannot be told.
std::string authserv_id_of(std::string_view value);

}  // namespace gatepost::dataplane
