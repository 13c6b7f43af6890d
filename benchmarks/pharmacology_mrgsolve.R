# The standard work by mrgsolve: Rscript benchmarks/pharmacology_mrgsolve.R FOLDER BODIES RTOL ATOL [bands]
# With `bands` five quantiles of the bodies at each time are part of the work, by R's own quantile.
# FOLDER holds parameters.csv (one row per body), times.csv and doses.csv (start, duration and mg), all written by
# pharmacology_population.py. Prints seconds, peak memory in MB and version, and writes levels.csv of the first bodies.
suppressPackageStartupMessages(library(mrgsolve))
given <- commandArgs(trailingOnly = TRUE)
folder <- given[1]; bodies <- as.integer(given[2])
code <- "
$PARAM V1=25, V2=56, V3=157, CL=1.4, Q2=2.7, Q3=1.3, VM=99, VP=160, CLM=0.96, QM=0.71, KE0=0.0835
$CMT C1 C2 C3 M1 M2 E
$ODE
double k = C1 / V1;
double m = M1 / VM;
dxdt_C1 = -CL * k - Q2 * (k - C2 / V2) - Q3 * (k - C3 / V3);
dxdt_C2 = Q2 * (k - C2 / V2);
dxdt_C3 = Q3 * (k - C3 / V3);
dxdt_M1 = CL * k - CLM * m - QM * (m - M2 / VP);
dxdt_M2 = QM * (m - M2 / VP);
dxdt_E = KE0 * (k - E);
$TABLE
capture CP = 1000 * C1 / V1;
capture CN = 1000 * M1 / VM;
capture CE = 1000 * E;
"
model <- suppressMessages(mcode("standard_work", code, soloc = folder))
model <- update(model, rtol = as.numeric(given[3]), atol = as.numeric(given[4]), maxsteps = 1e6)
people <- head(read.csv(file.path(folder, "parameters.csv")), bodies)
times <- scan(file.path(folder, "times.csv"), quiet = TRUE)
doses <- read.csv(file.path(folder, "doses.csv"))
events <- do.call(c, lapply(seq_len(nrow(doses)), function(i)
  ev(time = doses$start[i], amt = doses$mg[i], rate = doses$mg[i] / doses$duration[i], cmt = 1)))
run <- function(some) {
  found <- mrgsim(model, events = events, idata = some, end = -1, add = times, obsonly = TRUE, output = "df")
  if (length(given) > 4) for (name in c("CP", "CN", "CE"))
    apply(matrix(found[[name]], nrow = length(times)), 1, quantile, probs = c(0.05, 0.25, 0.5, 0.75, 0.95),
          names = FALSE)
  found
}
invisible(run(head(people, 2)))
seconds <- Inf
for (round in 1:3) {
  begun <- proc.time()[["elapsed"]]
  found <- run(people)
  seconds <- min(seconds, proc.time()[["elapsed"]] - begun)
  if (seconds > 20) break
}
write.csv(head(found[, c("CP", "CN", "CE")], 20 * length(times)), file.path(folder, "levels.csv"), row.names = FALSE)
status <- readLines("/proc/self/status")
peak <- as.numeric(gsub("[^0-9]", "", grep("^VmHWM", status, value = TRUE))) / 1024
cat(seconds, peak, as.character(packageVersion("mrgsolve")), "\n")
