// The text of one part after the other as UTF-8, in pieces that a pattern can go across.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "dataplane/mail/charset.h"
#include "dataplane/mail/message_summary.h"
#include "dataplane/mail/transfer_encoding.h"
#include "storage/base/bytes.h"

namespace gatepost::dataplane {

// Octets that are kept until the end of their line comes, so that no character is cut in two.
inline constexpr size_t kTextLineMax = size_t{16} << 10;

class TextBody {
  public:
    // Text of valid UTF-8, lines ended by LF alone; valid during the call only.
    using Take = std::function<void(std::string_view text)>;

    // `charsets` outlives it.
    TextBody(const Charsets& charsets, Take take) : charsets_(charsets), take_(std::move(take)) {}

    // A part begins: of one that is no text nothing is given.
    void begin(const MessagePart& part);
    // Octets of its body as they stand.
    void feed(Bytes raw);
    // The part has ended. Does nothing twice.
    void end();

  private:
    void append_text(std::string_view octets);
    void give(size_t size);

    const Charsets& charsets_;
    Take take_;
    std::optional<TransferDecoder> decoder_;  // of a part that is text
    std::string charset_;
    bool has_plain_ascii_ = false;
    std::string decoded_;  // in the charset, not given yet
    std::string text_;
};

}  // namespace gatepost::dataplane
