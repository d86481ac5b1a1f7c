#include "dataplane/imap_fetch/structure_text.h"

#include <array>

#include "dataplane/imap_fetch/envelope_text.h"
#include "dataplane/mail/mail_limits.h"

namespace gatepost::dataplane {
namespace {

// RFC 9051 §9: a body-type-mpart and a body-type-msg have one part at least. A message may have
// none there: no boundary, an encoded message, parts beyond our limits.
constexpr std::string_view kEmptyBody =
    "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0";
constexpr std::string_view kEmptyEnvelope = "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)";

void write_parameters(EncodedParameters list, ResponseText& out) {
    if (list.count == 0) return out.add("NIL");
    for (uint32_t i = 0; i < list.count; ++i) {
        const EncodedParameter parameter = list.next();
        out.add(i == 0 ? '(' : ' ');
        out.string(parameter.name);
        out.add(' ');
        out.string(parameter.value);
    }
    out.add(')');
}

// RFC 9051 §9 body-fld-dsp, body-fld-lang, body-fld-loc.
void write_extension(const EncodedPart& part, ResponseText& out) {
    out.add(' ');
    if (part.disposition.empty()) {
        out.add("NIL");
    } else {
        out.add('(');
        out.string(part.disposition);
        out.add(' ');
        write_parameters(part.disposition_parameters, out);
        out.add(')');
    }
    EncodedTexts languages = part.languages;
    out.add(languages.count == 0 ? " NIL" : " (");
    for (uint32_t i = 0; i < languages.count; ++i) {
        if (i > 0) out.add(' ');
        out.string(languages.next());
    }
    if (languages.count > 0) out.add(')');
    out.add(' ');
    out.nstring(part.location);
}

// `("text" "plain" ("charset" "utf-8") NIL NIL "7bit" 1234`
void write_fields(const EncodedPart& part, ResponseText& out) {
    out.add('(');
    out.string(part.type);
    out.add(' ');
    out.string(part.subtype);
    out.add(' ');
    write_parameters(part.parameters, out);
    out.add(' ');
    out.nstring(part.id);
    out.add(' ');
    out.nstring(part.description);
    out.add(' ');
    out.string(part.encoding);
    out.add(' ');
    out.number(part.body_size);
}

// Behind write_fields(), for what is no multipart.
void write_end(const EncodedPart& part, bool extended, ResponseText& out) {
    if (extended) {
        out.add(' ');
        out.nstring(part.md5);
        write_extension(part, out);
    }
    out.add(')');
}

class StructureWriter {
  public:
    StructureWriter(SummaryReader& summary, bool extended, ResponseText& out)
        : summary_(summary), extended_(extended), out_(out) {}

    bool write() {
        PartCursor at = summary_.parts();
        while (!at.at_end()) {
            const PartCursor before = at;
            const EncodedPart part = at.next();
            if (!at.ok()) return false;
            while (depth_ > 0 && open_[depth_ - 1].at.index() != part.parent) close();
            if ((before.index() > 0 && !begin_child(part)) || !begin(before, part)) return false;
        }
        while (depth_ > 0) close();
        return at.ok();
    }

  private:
    // A part whose children are being written: what stands behind them is read again then.
    struct Open {
        PartCursor at;
        uint32_t children = 0;
    };

    bool begin_child(const EncodedPart& child) {
        if (depth_ == 0) return false;
        Open& parent = open_[depth_ - 1];
        PartCursor at = parent.at;
        if (!at.next().is_message()) {
            ++parent.children;
            return true;
        }
        if (parent.children++ > 0) return false;
        const EncodedEnvelope envelope = summary_.envelope(child.envelope);
        if (!summary_.ok()) return false;
        out_.add(' ');
        write_envelope(envelope, out_);
        out_.add(' ');
        return true;
    }

    bool begin(const PartCursor& at, const EncodedPart& part) {
        const bool is_multipart = part.is_multipart();
        if (is_multipart)
            out_.add('(');
        else
            write_fields(part, out_);
        if (is_multipart || part.is_message()) {
            if (depth_ == open_.size()) return false;
            open_[depth_++] = {at, 0};
            return true;
        }
        if (part.type == "text") {
            out_.add(' ');
            out_.number(part.body_lines);
        }
        write_end(part, extended_, out_);
        return true;
    }

    void write_empty_body() {
        out_.add(kEmptyBody);
        out_.add(extended_ ? std::string_view(" NIL NIL NIL NIL)") : std::string_view(")"));
    }

    void close() {
        Open& open = open_[--depth_];
        const EncodedPart part = open.at.next();
        if (part.is_multipart()) {
            if (open.children == 0) write_empty_body();
            out_.add(' ');
            out_.string(part.subtype);
            if (extended_) {
                out_.add(' ');
                write_parameters(part.parameters, out_);
                write_extension(part, out_);
            }
            out_.add(')');
            return;
        }
        if (open.children == 0) {
            out_.add(' ');
            out_.add(kEmptyEnvelope);
            out_.add(' ');
            write_empty_body();
        }
        out_.add(' ');
        out_.number(part.body_lines);
        write_end(part, extended_, out_);
    }

    SummaryReader& summary_;
    bool extended_;
    ResponseText& out_;
    size_t depth_ = 0;
    std::array<Open, kPartDepthMax + 1> open_;
};

}  // namespace

bool write_structure(SummaryReader& summary, bool extended, ResponseText& out) {
    return StructureWriter(summary, extended, out).write();
}

}  // namespace gatepost::dataplane
