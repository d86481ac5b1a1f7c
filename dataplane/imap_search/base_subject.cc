#include "dataplane/imap_search/base_subject.h"

#include <algorithm>

#include "dataplane/mail/encoded_word.h"
#include "dataplane/mail/header_field.h"

namespace gatepost::dataplane {
namespace {

bool starts_with_word(std::string_view text, std::string_view word) {
    return text.size() >= word.size() && equal_ignoring_case(text.substr(0, word.size()), word);
}

// RFC 5256 §2.1 (1): tabs are spaces, and many of them are one.
std::string pack_spaces(std::string_view text) {
    std::string packed;
    packed.reserve(text.size());
    for (char c : text) {
        const bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
        if (!blank)
            packed += c;
        else if (packed.empty() || packed.back() != ' ')
            packed += ' ';
    }
    return packed;
}

// Takes the grammar of RFC 5256 §5 off a subject. What begins with a blob is looked at once: the
// ends of blobs in a row are kept, so that many of them without "re:" take no square of time.
class Stripper {
  public:
    explicit Stripper(std::string_view text) : text_(text) {}

    void strip() {
        do {
            strip_trailers();
            while (strip_leader() || strip_blob()) {
            }
        } while (strip_forward());
    }
    std::string_view text() const { return text_; }
    bool is_reply() const { return is_reply_; }

  private:
    // subj-trailer = "(fwd)" / WSP
    void strip_trailers() {
        constexpr std::string_view kForward = "(fwd)";
        for (;;) {
            if (!text_.empty() && text_.back() == ' ') {
                text_.remove_suffix(1);
            } else if (text_.size() >= kForward.size() &&
                       starts_with_word(text_.substr(text_.size() - kForward.size()), kForward)) {
                text_.remove_suffix(kForward.size());
                is_reply_ = true;
            } else {
                return;
            }
        }
    }

    // subj-blob = "[" *BLOBCHAR "]" *WSP. Octets of one at the beginning; 0: there is none.
    static size_t blob_size(std::string_view text) {
        if (!text.starts_with('[')) return 0;
        const size_t end = text.find_first_of("[]", 1);
        if (end == std::string_view::npos || text[end] != ']') return 0;
        return std::min(text.find_first_not_of(' ', end + 1), text.size());
    }

    // subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":"
    static size_t refwd_size(std::string_view text) {
        size_t at = 0;
        for (std::string_view word : {"re", "fwd", "fw"}) {
            if (at == 0 && starts_with_word(text, word)) at = word.size();
        }
        if (at == 0) return 0;
        at = std::min(text.find_first_not_of(' ', at), text.size());
        at += blob_size(text.substr(at));
        return at < text.size() && text[at] == ':' ? at + 1 : 0;
    }

    // subj-leader = (*subj-blob subj-refwd) / WSP
    bool strip_leader() {
        if (text_.starts_with(' ')) {
            text_.remove_prefix(1);
            return true;
        }
        // Where the blobs at the beginning end is the same until all of them are taken off.
        if (text_.data() >= blobs_end_) {
            std::string_view rest = text_;
            while (const size_t size = blob_size(rest)) rest.remove_prefix(size);
            blobs_end_ = rest.data();
            refwd_size_ = refwd_size(rest);
        }
        if (refwd_size_ == 0) return false;
        text_.remove_prefix(static_cast<size_t>(blobs_end_ - text_.data()) + refwd_size_);
        blobs_end_ = nullptr;
        is_reply_ = true;
        return true;
    }

    // RFC 5256 §2.1 (4): a blob goes where it leaves a subj-base that is not empty.
    bool strip_blob() {
        const size_t size = blob_size(text_);
        if (size == 0 || size == text_.size()) return false;
        text_.remove_prefix(size);
        if (text_.data() >= blobs_end_) blobs_end_ = nullptr;
        return true;
    }

    // RFC 5256 §2.1 (6)
    bool strip_forward() {
        constexpr std::string_view kHeader = "[fwd:";
        if (!starts_with_word(text_, kHeader) || !text_.ends_with(']')) return false;
        text_.remove_prefix(kHeader.size());
        text_.remove_suffix(1);
        blobs_end_ = nullptr;
        is_reply_ = true;
        return true;
    }

    std::string_view text_;
    const char* blobs_end_ = nullptr;  // nullptr: not known
    size_t refwd_size_ = 0;            // octets of the subj-refwd there
    bool is_reply_ = false;
};

}  // namespace

BaseSubject base_subject(std::string_view subject, const Charsets& charsets) {
    const std::string packed = pack_spaces(decode_encoded_words(subject, charsets));
    Stripper stripper(packed);
    stripper.strip();
    return {std::string(stripper.text()), stripper.is_reply()};
}

}  // namespace gatepost::dataplane
