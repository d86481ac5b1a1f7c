#include "dataplane/mail/preview.h"

#include <algorithm>

#include "dataplane/mail/header_field.h"
#include "dataplane/mail/mail_limits.h"

namespace gatepost::dataplane {

bool PreviewSource::begin(const MessagePart& part) {
    const bool is_text = part.is("text", "plain") || part.is("text", "html");
    if (is_done_ || !is_text || part.disposition == "attachment") return false;
    raw_.clear();
    encoding_ = transfer_encoding(part.encoding);
    const std::string* charset = find_parameter(part.parameters, "charset");
    charset_ = charset == nullptr ? "us-ascii" : *charset;
    is_html_ = part.subtype == "html";
    kept_max_ = is_html_ ? kPreviewHtmlOctetsMax : kPreviewPlainOctetsMax;
    is_open_ = true;
    return true;
}

void PreviewSource::add(Bytes raw) {
    const size_t size = std::min(raw.size(), kept_max_ - raw_.size());
    raw_.append(reinterpret_cast<const char*>(raw.data()), size);
}

std::string PreviewSource::finish(const Charsets& charsets) {
    if (!is_open_) return {};
    is_open_ = false;
    TransferDecoder decoder(encoding_);
    std::string octets;
    decoder.decode(Bytes(reinterpret_cast<const uint8_t*>(raw_.data()), raw_.size()), octets);
    decoder.finish(octets);
    std::string text;
    charsets.append_utf8(charset_, octets, text);
    if (is_html_) text = html_text(text);
    std::string preview = collapse_spaces(text, kPreviewCharactersMax);
    is_done_ = !preview.empty();
    return preview;
}

std::string collapse_spaces(std::string_view text, size_t characters_max) {
    std::string out;
    bool is_spaced = false;
    for (size_t characters = 0; !text.empty() && characters < characters_max;) {
        const size_t length = std::max<size_t>(utf8_sequence_length(text), 1);
        const std::string_view character = text.substr(0, length);
        text.remove_prefix(length);
        const auto first = static_cast<uint8_t>(character.front());
        // And the no-break space, which pads HTML.
        if (first <= ' ' || first == 0x7f || character == "\xc2\xa0") {
            is_spaced = true;
            continue;
        }
        if (is_spaced && !out.empty()) {
            out += ' ';
            if (++characters == characters_max) {
                out.pop_back();
                break;
            }
        }
        is_spaced = false;
        out += character;
        ++characters;
    }
    return out;
}

namespace {

// The character that a reference stands for ("amp", "#8364", "#x20ac"); 0: it is not known.
uint32_t referenced_character(std::string_view name) {
    struct Named {
        std::string_view name;
        uint32_t code_point;
    };
    constexpr Named kNamed[] = {
        {"amp", '&'},      {"lt", '<'},        {"gt", '>'},       {"quot", '"'},
        {"apos", '\''},    {"nbsp", 0xa0},     {"euro", 0x20ac},  {"ndash", 0x2013},
        {"mdash", 0x2014}, {"lsquo", 0x2018},  {"rsquo", 0x2019}, {"ldquo", 0x201c},
        {"rdquo", 0x201d}, {"hellip", 0x2026}, {"copy", 0xa9},    {"auml", 0xe4},
        {"ouml", 0xf6},    {"uuml", 0xfc},     {"Auml", 0xc4},    {"Ouml", 0xd6},
        {"Uuml", 0xdc},    {"szlig", 0xdf},    {"eacute", 0xe9},  {"egrave", 0xe8},
        {"agrave", 0xe0},  {"ccedil", 0xe7},   {"zwnj", 0x200c}};
    if (!name.starts_with('#')) {
        const auto* found = std::ranges::find(kNamed, name, &Named::name);
        return found == std::end(kNamed) ? 0 : found->code_point;
    }
    name.remove_prefix(1);
    const bool is_hex = !name.empty() && ascii_lower(name.front()) == 'x';
    if (is_hex) name.remove_prefix(1);
    if (name.size() > 7) return 0;
    uint32_t code_point = 0;
    for (char c : name) {
        const char lower = ascii_lower(c);
        if (lower >= '0' && lower <= '9')
            code_point = code_point * (is_hex ? 16 : 10) + static_cast<uint32_t>(lower - '0');
        else if (is_hex && lower >= 'a' && lower <= 'f')
            code_point = code_point * 16 + static_cast<uint32_t>(lower - 'a' + 10);
        else
            return 0;
    }
    return code_point;
}

class HtmlReader {
  public:
    explicit HtmlReader(std::string_view html) : html_(html) {}

    std::string text() {
        while (at_ < html_.size()) {
            const char c = html_[at_];
            if (c == '<')
                read_tag();
            else if (c == '&')
                read_reference();
            else {
                out_ += c;
                ++at_;
            }
        }
        return std::move(out_);
    }

  private:
    void skip_behind(std::string_view mark) {
        const size_t found = html_.find(mark, at_);
        at_ = found == std::string_view::npos ? html_.size() : found + mark.size();
    }

    void skip_to_end_tag(std::string_view name) {
        for (;; ++at_) {
            at_ = html_.find("</", at_);
            if (at_ == std::string_view::npos) {
                at_ = html_.size();
                return;
            }
            if (equal_ignoring_case(html_.substr(at_ + 2, name.size()), name)) return;
        }
    }

    void read_tag() {
        if (html_.substr(at_).starts_with("<!--")) return skip_behind("-->");
        size_t end = at_ + 1;
        if (end < html_.size() && html_[end] == '/') ++end;
        const size_t begin = end;
        auto is_alphanumeric = [](char c) {
            const char lower = ascii_lower(c);
            return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9');
        };
        while (end < html_.size() && is_alphanumeric(html_[end])) ++end;
        const std::string name = to_lower(html_.substr(begin, end - begin));
        const bool is_markup = begin < html_.size() && (html_[begin] == '!' || html_[begin] == '?');
        if (name.empty() && !is_markup) {  // a '<' of the text
            out_ += html_[at_++];
            return;
        }
        const bool is_start = begin == at_ + 1;
        skip_behind(">");
        constexpr std::string_view kWithin[] = {"a",    "abbr", "b",     "em",     "font", "i",
                                                "span", "s",    "small", "strong", "u",    "sub"};
        if (std::ranges::find(kWithin, name) == std::end(kWithin)) out_ += ' ';
        for (std::string_view hidden : {"script", "style", "title", "head"}) {
            if (is_start && name == hidden) return skip_to_end_tag(hidden);
        }
    }

    void read_reference() {
        // The longest name above has six characters, a number eight.
        const std::string_view near = html_.substr(at_ + 1, 10);
        const size_t end = near.find(';');
        const uint32_t code_point =
            end == std::string_view::npos ? 0 : referenced_character(near.substr(0, end));
        if (code_point == 0) {
            out_ += html_[at_++];
            return;
        }
        append_code_point(code_point, out_);
        at_ += end + 2;
    }

    std::string_view html_;
    size_t at_ = 0;
    std::string out_;
};

}  // namespace

std::string html_text(std::string_view html) {
    return HtmlReader(html).text();
}

}  // namespace gatepost::dataplane
