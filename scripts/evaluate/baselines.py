"""Two homographies by OpenCV for each pair of pictures, as yardsticks of `npm run evaluate`.

Reads lines LEFT <tab> RIGHT from standard input and answers each with one line of JSON, in the same order:
{"ransac": {"homography": [9] | null, "inliers": n, "solved": bool}, "magsac_ecc": {...}}, or {"error": "why"} for
pictures that OpenCV cannot work on.
Homographies take pixels of the right picture to the left one, both at 480 px width, integer pixel centres.
"""

import json
import sys

try:
    import cv2
    import numpy as np
except ImportError as error:
    sys.exit(f"{error}: the baselines need OpenCV for Python (Debian, Ubuntu: apt-get install python3-opencv)")

WIDTH_PX = 480
LEAST_INLIERS = 25


def read(path):
    """The picture at 480 px width, area averaging."""
    picture = cv2.imread(path)
    if picture is None:
        raise ValueError(f"OpenCV cannot read {path}")
    height, width = picture.shape[:2]
    return cv2.resize(picture, (WIDTH_PX, round(height * WIDTH_PX / width)), interpolation=cv2.INTER_AREA)


def matches(left, right):
    """Positions of SIFT features that pass the ratio test, right and left."""
    sift = cv2.SIFT_create(nfeatures=4000)
    keys_left, left_words = sift.detectAndCompute(left, None)
    keys_right, right_words = sift.detectAndCompute(right, None)
    if min(len(keys_left), len(keys_right)) < 4:
        return np.empty((0, 2), np.float32), np.empty((0, 2), np.float32)
    candidates = cv2.BFMatcher(cv2.NORM_L2).knnMatch(right_words, left_words, k=2)
    kept = [pair[0] for pair in candidates if len(pair) == 2 and pair[0].distance < 0.75 * pair[1].distance]
    return (
        np.array([keys_right[match.queryIdx].pt for match in kept], np.float32).reshape(-1, 2),
        np.array([keys_left[match.trainIdx].pt for match in kept], np.float32).reshape(-1, 2),
    )


def is_plausible(homography, height, width):
    """Convex, same orientation, 0.2 to 8 times the area, no corner at infinity."""
    if homography is None or not np.isfinite(homography).all():
        return False
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], float)
    weights = np.c_[corners, np.ones(4)] @ homography[2]
    if weights.min() <= 0.05:
        return False
    quad = cv2.perspectiveTransform(corners[:, None], homography)[:, 0].astype(np.float32)
    return bool(cv2.isContourConvex(quad)) and 0.2 < cv2.contourArea(quad, oriented=True) / (width * height) < 8


def refine(homography, left, right):
    """ECC from the given homography on; the homography itself where it does not converge."""
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 100, 1e-6)
    try:
        start = np.linalg.inv(homography)
        start = (start / start[2, 2]).astype(np.float32)
        _, found = cv2.findTransformECC(left, right, start, cv2.MOTION_HOMOGRAPHY, stop, None, 5)
        refined = np.linalg.inv(found.astype(float))
    except (cv2.error, np.linalg.LinAlgError):
        return homography
    refined /= refined[2, 2]
    return refined if is_plausible(refined, *right.shape) else homography


def answer(homography, inliers, right):
    """What is told of one homography."""
    plausible = is_plausible(homography, *right.shape)
    return {
        "homography": homography.ravel().tolist() if plausible else None,
        "inliers": inliers,
        "solved": plausible and inliers >= LEAST_INLIERS,
    }


def estimate(points, method):
    """A homography and its inliers."""
    if len(points[0]) < 4:
        return None, 0
    cv2.setRNGSeed(1)
    found, mask = cv2.findHomography(*points, method, 3.0, maxIters=5000, confidence=0.999)
    return (None, 0) if found is None else (found, int(mask.sum()))


def baselines(left, right):
    """Both baselines of one pair of files."""
    left, right = (cv2.cvtColor(read(path), cv2.COLOR_BGR2GRAY) for path in (left, right))
    points = matches(left, right)
    ransac, inliers = estimate(points, cv2.RANSAC)
    magsac, magsac_inliers = estimate(points, cv2.USAC_MAGSAC)
    if is_plausible(magsac, *right.shape):
        magsac = refine(magsac, left, right)
    return {"ransac": answer(ransac, inliers, right), "magsac_ecc": answer(magsac, magsac_inliers, right)}


def main():
    """Answers line by line."""
    cv2.setNumThreads(1)
    for line in sys.stdin:
        try:
            found = baselines(*line.rstrip("\n").split("\t"))
        except (ValueError, cv2.error) as error:
            found = {"error": str(error)}
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
