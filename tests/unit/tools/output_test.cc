#include <gtest/gtest.h>

#include <cstdio>

#include "tools/gatepost/output/progress.h"
#include "tools/gatepost/output/table.h"

namespace gatepost::tools {
namespace {

TEST(Table, AlignsByCharactersAndLeavesNoBlanksAtTheEnd) {
    Table table({{"ZONE"}, {"RECORDS", Align::right}, {"NOTE"}});
    table.row({"bücher.example.", "7", ""});
    table.row({"a.", "12,345", "big"});
    EXPECT_EQ(table.text(),
              "ZONE             RECORDS  NOTE\n"
              "bücher.example.        7\n"
              "a.                12,345  big\n");
}

TEST(Numbers, ForPeople) {
    EXPECT_EQ(grouped(0), "0");
    EXPECT_EQ(grouped(999), "999");
    EXPECT_EQ(grouped(1000), "1,000");
    EXPECT_EQ(grouped(1234567), "1,234,567");
    EXPECT_EQ(human_size(1023), "1023 B");
    EXPECT_EQ(human_size(1536), "1.5 KiB");
    EXPECT_EQ(human_size(uint64_t{4} << 30), "4.0 GiB");
    EXPECT_EQ(human_seconds(0.42), "0.4 s");
    EXPECT_EQ(human_seconds(90), "90 s");
    EXPECT_EQ(human_seconds(600), "10 min");
}

TEST(Progress, BarTellsPartRateAndTimeLeft) {
    EXPECT_EQ(progress_text("import", "records", 50, 100, 2, false),
              "import  ##########..........  50 %  50/100 records  25/s  ETA 2.0 s");
    EXPECT_EQ(progress_text("import", "records", 8'200'000, 0, 2, false),
              "import  8.2 M records  4.1 M/s");
}

TEST(Progress, ALinePerTenth) {
    std::FILE* file = std::tmpfile();
    ASSERT_NE(file, nullptr);
    {
        Progress progress(file, Progress::Style::lines, "import", "records",
                          std::chrono::milliseconds(0));
        for (uint64_t done = 0; done <= 1000; ++done) progress.update(done, 1000);
    }
    std::rewind(file);
    int lines = 0;
    for (int c; (c = std::fgetc(file)) != EOF;) lines += c == '\n';
    std::fclose(file);
    EXPECT_EQ(lines, 10);
}

}  // namespace
}  // namespace gatepost::tools
