// Every file of tests/transcripts/imap is a test of its own.
#include "tests/unit/imap/transcript.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace gatepost::tests {

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> transcripts() {
    std::vector<fs::path> paths;
    for (const fs::directory_entry& entry : fs::directory_iterator(GATEPOST_TRANSCRIPTS))
        if (entry.path().extension() == ".txt") paths.push_back(entry.path());
    std::ranges::sort(paths);
    return paths;
}

class Transcript : public testing::TestWithParam<fs::path> {};

TEST_P(Transcript, IsWhatIsSaid) {
    EXPECT_EQ(play_transcript(GetParam()), "");
}

TEST_P(Transcript, IsTheSameCompressed) {
    EXPECT_EQ(play_transcript(GetParam(), true), "");
}

INSTANTIATE_TEST_SUITE_P(Imap, Transcript, testing::ValuesIn(transcripts()),
                         [](const auto& test) { return test.param.stem().string(); });

}  // namespace

}  // namespace gatepost::tests
